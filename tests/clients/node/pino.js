// pino: its err serialiser, the plain text of the error, and an error wrapped with a cause.
'use strict';
const pino = require('pino');
const { run } = require('./client');

const log = pino({ name: 'ocr-gateway', timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ dest: 1, sync: true }));

run((error, index) => {
  if (index % 3 === 0) log.error(error);
  else if (index % 3 === 1) log.error({ err: error, page: index }, 'recognition failed');
  else log.error({ detail: JSON.stringify(error) }, 'recognition failed');
});
