// bunyan: its err serialiser keeps message, name and stack (no code); the fields beside it keep the code.
'use strict';
const bunyan = require('bunyan');
const { run } = require('./client');

const log = bunyan.createLogger({ name: 'ocr-gateway', serializers: bunyan.stdSerializers, streams: [{ stream: process.stderr }] });

run((error, index) => {
  if (index % 2) log.error({ err: error, page: index }, 'recognition failed');
  else log.error({ code: error.errorCode, requestId: error.requestId, status: error.httpStatusCode }, error.errorMsg);
});
