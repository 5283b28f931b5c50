// console.error(e): util.inspect's form, after the dump that the SDK itself prints.
'use strict';
const { run } = require('./client');

run((error, index) => console.error(new Date().toISOString(), `page ${index} failed:`, error));
