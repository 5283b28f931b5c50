// winston: json with errors({stack}) and a printf line; the SDK's dump stands between them.
'use strict';
const winston = require('winston');
const { run } = require('./client');

const { combine, errors, json, printf, splat, timestamp } = winston.format;
const transports = [new winston.transports.Console()];
const asJson = winston.createLogger({ format: combine(errors({ stack: true }), timestamp(), json()), defaultMeta: { service: 'ocr-gateway' }, transports });
const asText = winston.createLogger({
  format: combine(splat(), timestamp({ format: 'YYYY-MM-DD HH:mm:ss.SSS' }), printf((i) => `${i.timestamp} [${i.level}] ${i.message}`)), transports,
});

run((error, index) => {
  if (index % 3 === 0) asJson.error(error);
  else if (index % 3 === 1) asJson.error('recognition failed', { page: index, error });
  else asText.error('recognition of page %d failed: %s', index, JSON.stringify(error));
});
