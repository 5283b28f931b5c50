// What the Node clients share. There is no OCR package for Node in the registry: the requests go through the SDK's core,
// the very class that the service packages call.
'use strict';
const fs = require('fs');
const os = require('os');
const http = require('http');
const { BasicCredentials } = require('@huaweicloud/huaweicloud-sdk-core');
const { ClientBuilder } = require('@huaweicloud/huaweicloud-sdk-core/ClientBuilder');

// The SDK prints the kernel's release in its User-Agent; a fixed one keeps the recording machine out of the captures.
os.release = () => '6.1.0-26-amd64';

const APIS = ['general-text', 'id-card', 'vat-invoice', 'web-image'];
const endpoint = process.env.OCR_ENDPOINT;
const projectId = process.env.OCR_PROJECT_ID;
const calls = Number(process.env.OCR_CALLS);
const image = Buffer.from(Array.from({ length: 120 }, (_, i) => i)).toString('base64');

const credentials = new BasicCredentials()
  .withAk(process.env.HUAWEICLOUD_SDK_AK).withSk(process.env.HUAWEICLOUD_SDK_SK).withProjectId(projectId);
const ocr = new ClientBuilder((client) => client).withEndpoint(endpoint).withCredential(credentials).build();

function recognize(index) {
  return ocr.sendRequest({
    method: 'POST',
    url: '/v2/{project_id}/ocr/' + APIS[index % APIS.length],
    contentType: 'application/json',
    queryParams: {},
    pathParams: { project_id: projectId },
    headers: {},
    data: { image },
  });
}

// stdout and stderr are one file (or stderr alone is), which Node writes synchronously.
function mark() {
  return new Promise((resolve, reject) => {
    http.get(`${process.env.OCR_CONTROL}/mark?size=${fs.fstatSync(2).size}`, (r) => { r.resume(); r.on('end', resolve); })
      .on('error', reject);
  });
}

async function run(onError) {
  for (let index = 0; index < calls; index += 1) {
    try {
      await recognize(index);
    } catch (error) {
      await onError(error, index);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
    await mark();
  }
}

module.exports = { run, calls, endpoint, projectId, APIS, image, mark };
