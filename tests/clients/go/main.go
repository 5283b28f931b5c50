// The Go SDK through one logger, by the first argument: log (standard library), logrus or zap.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"strconv"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/sdkerr"
	ocr "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/ocr/v1"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/ocr/v1/model"
	"github.com/sirupsen/logrus"
	"go.uber.org/zap"
)

func main() {
	credentials, err := basic.NewCredentialsBuilder().WithAk(os.Getenv("HUAWEICLOUD_SDK_AK")).
		WithSk(os.Getenv("HUAWEICLOUD_SDK_SK")).WithProjectId(os.Getenv("OCR_PROJECT_ID")).SafeBuild()
	if err != nil {
		log.Fatal(err)
	}
	built, err := ocr.OcrClientBuilder().WithEndpoint(os.Getenv("OCR_ENDPOINT")).WithCredential(credentials).SafeBuild()
	if err != nil {
		log.Fatal(err)
	}
	client := ocr.NewOcrClient(built)
	image := "iVBORw0KGgo="
	calls, _ := strconv.Atoi(os.Getenv("OCR_CALLS"))
	report := reporter(os.Args[1])
	for index := 0; index < calls; index++ {
		request := &model.RecognizeGeneralTextRequest{Body: &model.GeneralTextRequestBody{Image: &image}}
		if _, err := client.RecognizeGeneralText(request); err != nil {
			report(index, err)
		}
		mark()
	}
}

func reporter(name string) func(int, error) {
	switch name {
	case "log":
		return standard
	case "logrus":
		return func(index int, err error) {
			logrus.SetFormatter(&logrus.TextFormatter{FullTimestamp: true})
			if index%2 == 1 {
				logrus.SetFormatter(&logrus.JSONFormatter{})
			}
			logrus.WithError(err).WithField("page", index).Error("recognition failed")
		}
	case "zap":
		production, _ := zap.NewProduction()
		return func(index int, err error) {
			if index%2 == 0 {
				production.Error("recognition failed", zap.Error(err), zap.Int("page", index))
			} else {
				production.Sugar().Errorf("page %d failed: %v", index, err)
			}
		}
	}
	panic("unknown logger " + name)
}

func standard(index int, err error) {
	switch index % 5 {
	case 0:
		log.Println("recognition failed:", err)
	case 1:
		log.Printf("recognition failed: %+v", *err.(*sdkerr.ServiceResponseError))
	case 2:
		log.Printf("recognition failed: %q", err)
	case 3:
		log.Print(fmt.Errorf("page %d: %w", index, err))
	case 4:
		if e, ok := err.(*sdkerr.ServiceResponseError); ok {
			line, _ := json.Marshal(map[string]any{"code": e.ErrorCode, "msg": e.ErrorMessage, "request": e.RequestId, "status": e.StatusCode})
			log.Printf("%s", line)
		}
	}
}

func mark() {
	information, err := os.Stdout.Stat()
	if err != nil {
		log.Fatal(err)
	}
	response, err := http.Get(os.Getenv("OCR_CONTROL") + "/mark?size=" + strconv.FormatInt(information.Size(), 10))
	if err != nil {
		log.Fatal(err)
	}
	response.Body.Close()
}
