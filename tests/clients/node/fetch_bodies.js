// No SDK: fetch with a token, the body as text, as an inspected object, and stringified inside a string.
'use strict';
const { APIS, calls, endpoint, image, mark, projectId } = require('./client');

(async () => {
  for (let index = 0; index < calls; index += 1) {
    const api = APIS[index % 4];
    const response = await fetch(`${endpoint}/v2/${projectId}/ocr/${api}`, {
      method: 'POST', headers: { 'content-type': 'application/json', 'x-auth-token': process.env.OCR_TOKEN }, body: JSON.stringify({ image }),
    });
    const text = await response.text();
    const head = `${new Date().toISOString()} [ocr:${api}]`;
    if (index % 5 === 0) console.log(`${head} HTTP ${response.status} ${text}`);
    else if (index % 5 === 1) console.log(head, JSON.parse(text));
    else if (index % 5 === 2) console.log(`${head} ${JSON.stringify({ level: 'error', body: text })}`);
    else if (index % 5 === 3) console.log(JSON.stringify({ log: JSON.stringify({ level: 'error', time: Date.now(), body: text }) }));
    else console.log(`${head} callback /notify?job=${index}&result=${encodeURIComponent(text)}`);
    await mark();
  }
})();
