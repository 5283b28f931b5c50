<?php
// The PHP SDK: the vendor's sample (four echoes), print_r, string casts, error_log and an exception that nobody catches.
// OCR_PHP_AUTOLOAD names the file that loads the SDK and its dependencies.
require getenv('OCR_PHP_AUTOLOAD');

use HuaweiCloud\SDK\Core\Auth\BasicCredentials;
use HuaweiCloud\SDK\Core\Exceptions\ServiceResponseException;
use HuaweiCloud\SDK\Core\Http\HttpConfig;
use HuaweiCloud\SDK\Ocr\V1\Model\GeneralTextRequestBody;
use HuaweiCloud\SDK\Ocr\V1\Model\RecognizeGeneralTextRequest;
use HuaweiCloud\SDK\Ocr\V1\OcrClient;

function mark(): void
{
    clearstatcache();
    file_get_contents(getenv('OCR_CONTROL') . '/mark?size=' . filesize(getenv('OCR_OUTPUT')));
}

date_default_timezone_set(getenv('TZ'));
$config = HttpConfig::getDefaultConfig();
$config->setSslCaCert(getenv('SSL_CERT_FILE'));
$client = OcrClient::newBuilder(new OcrClient)
    ->withHttpConfig($config)
    ->withEndpoint(getenv('OCR_ENDPOINT'))
    ->withCredentials(new BasicCredentials(getenv('HUAWEICLOUD_SDK_AK'), getenv('HUAWEICLOUD_SDK_SK'), getenv('OCR_PROJECT_ID')))
    ->build();
$request = new RecognizeGeneralTextRequest();
$request->setBody((new GeneralTextRequestBody())->setImage('iVBORw0KGgo='));
for ($index = 0; $index < (int) getenv('OCR_CALLS'); $index++) {
    try {
        $client->RecognizeGeneralText($request);
    } catch (ServiceResponseException $e) {
        switch ($index % 4) {
            case 0:
                echo $e->getHttpStatusCode(), "\n", $e->getRequestId(), "\n", $e->getErrorCode(), "\n", $e->getErrorMsg(), "\n";
                break;
            case 1:
                echo date('[d-M-Y H:i:s e] '), print_r(['error_code' => $e->getErrorCode(), 'error_msg' => $e->getErrorMsg(),
                    'request_id' => $e->getRequestId()], true);
                break;
            case 2:
                error_log("OCR failed: {$e->getErrorCode()} {$e->getErrorMsg()} status={$e->getHttpStatusCode()}");
                break;
            default:
                echo json_encode(['time' => date('c'), 'level' => 'error', 'error_code' => $e->getErrorCode(), 'error_msg' => $e->getErrorMsg()]), "\n";
                error_log('exception: ' . get_class($e) . ' message: ' . $e->getMessage());
        }
    }
    mark();
}
$client->RecognizeGeneralText($request);
