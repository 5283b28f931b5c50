import com.huaweicloud.sdk.core.auth.BasicCredentials;
import com.huaweicloud.sdk.core.exception.ServiceResponseException;
import com.huaweicloud.sdk.core.http.HttpConfig;
import com.huaweicloud.sdk.ocr.v1.OcrClient;
import com.huaweicloud.sdk.ocr.v1.model.GeneralTextRequestBody;
import com.huaweicloud.sdk.ocr.v1.model.RecognizeGeneralTextRequest;

import java.io.File;
import java.net.HttpURLConnection;
import java.net.URL;
import java.util.Collections;
import java.util.logging.Level;

/** The Java SDK through one logger, by the first argument: print, uncaught, jul, slf4j (logback) or log4j. */
public final class OcrClients {
    private static final String NAME = "com.example.ocr.PageWorker";

    public static void main(String[] arguments) throws Exception {
        OcrClient client = OcrClient.newBuilder()
            .withHttpConfig(HttpConfig.getDefaultHttpConfig())
            .withCredential(new BasicCredentials().withAk(System.getenv("HUAWEICLOUD_SDK_AK"))
                .withSk(System.getenv("HUAWEICLOUD_SDK_SK")).withProjectId(System.getenv("OCR_PROJECT_ID")))
            .withEndpoints(Collections.singletonList(System.getenv("OCR_ENDPOINT")))
            .build();
        RecognizeGeneralTextRequest request = new RecognizeGeneralTextRequest()
            .withBody(new GeneralTextRequestBody().withImage("iVBORw0KGgo="));
        int calls = Integer.parseInt(System.getenv("OCR_CALLS"));
        for (int index = 0; index < calls; index += 1) {
            try {
                client.recognizeGeneralText(request);
            } catch (ServiceResponseException e) {
                report(arguments[0], index, e);
            }
            mark();
        }
        if (arguments[0].equals("print")) {
            client.recognizeGeneralText(request);
        }
    }

    private static void report(String logger, int index, ServiceResponseException e) {
        switch (logger) {
            case "print":
                print(index, e);
                break;
            case "jul":
                jul(index, e);
                break;
            case "slf4j":
                slf4j(index, e);
                break;
            case "log4j":
                log4j(index, e);
                break;
            default:
                throw new IllegalArgumentException(logger);
        }
    }

    private static void print(int index, ServiceResponseException e) {
        switch (index % 4) {
            case 0:
                e.printStackTrace();
                break;
            case 1:
                System.out.println(e);
                break;
            case 2:
                new IllegalStateException("page " + index + " not recognised", e).printStackTrace();
                break;
            default:
                System.out.println(e.getHttpStatusCode());
                System.out.println(e.getRequestId());
                System.out.println(e.getErrorCode());
                System.out.println(e.getErrorMsg());
        }
    }

    private static void jul(int index, ServiceResponseException e) {
        java.util.logging.Logger log = java.util.logging.Logger.getLogger(NAME);
        if (index % 2 == 0) {
            log.log(Level.SEVERE, "page " + index + " failed", e);
        } else {
            log.warning("page " + index + " failed: " + e);
        }
    }

    private static void slf4j(int index, ServiceResponseException e) {
        org.slf4j.Logger log = org.slf4j.LoggerFactory.getLogger(NAME);
        switch (index % 3) {
            case 0:
                log.error("page {} failed", index, e);
                break;
            case 1:
                log.error("page {} failed: {}", index, e.toString());
                break;
            default:
                log.warn("page {} failed, code: {}, message: {}, request id: {}", index, e.getErrorCode(), e.getErrorMsg(), e.getRequestId());
                log.error("page {} failed", index, new IllegalStateException("page not recognised", e));
        }
    }

    private static void log4j(int index, ServiceResponseException e) {
        org.apache.logging.log4j.Logger log = org.apache.logging.log4j.LogManager.getLogger(NAME);
        if (index % 2 == 0) {
            log.error("page {} failed: {}", index, e.getErrorCode() + " " + e.getErrorMsg(), e);
        } else {
            log.error("page {} failed: {}", index, e.toString());
        }
    }

    private static void mark() throws Exception {
        System.out.flush();
        System.err.flush();
        long size = new File(System.getenv("OCR_OUTPUT")).length();
        HttpURLConnection connection = (HttpURLConnection) new URL(System.getenv("OCR_CONTROL") + "/mark?size=" + size).openConnection();
        connection.getResponseCode();
        connection.disconnect();
    }
}
