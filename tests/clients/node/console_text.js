// `${e}`, e.stack and e.message: the code is lost, but for those lines that print the fields. The SDK's own dump is
// dropped by the service's shell (`node … 2>app.log`), since it goes to stdout and the service logs to stderr.
'use strict';
const { run } = require('./client');

run((error, index) => {
  const at = new Date().toISOString();
  if (index % 4 === 0) console.error(`${at} ERROR ocr ${error}`);
  else if (index % 4 === 1) console.error(`${at} ERROR ocr`, error.stack);
  else if (index % 4 === 2) console.error(`${at} ERROR ocr ${error.errorCode} ${error.errorMsg} (${error.httpStatusCode}, ${error.requestId})`);
  else console.error(`${at} ERROR ocr ${JSON.stringify(error)}`);
});
