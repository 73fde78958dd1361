// Calls a gRPC method by npm's @grpc/grpc-js, knowing nothing but .proto files. Takes and prints what call.py does,
// but compiles the files itself:
//
//     call.cjs --include DIR... --proto FILE... [--gzip] [--timeout S] [--metadata KEY:VALUE]... [--take N]
//              TARGET SERVICE/METHOD REQUESTS
//
// NODE_PATH names the directory that holds @grpc/grpc-js and @grpc/proto-loader. Details are printed as the hexadecimal
// bytes of google.rpc.Status.
'use strict';
const { parseArgs } = require('node:util');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    include: { type: 'string', multiple: true },
    proto: { type: 'string', multiple: true },
    gzip: { type: 'boolean', default: false },
    timeout: { type: 'string', default: '20' },
    metadata: { type: 'string', multiple: true, default: [] },
    take: { type: 'string' },
  },
});
const [target, path, requestsText] = positionals;
const [service, method] = path.split('/');

const definition = loader.loadSync(options.proto, {
  includeDirs: options.include, keepCase: true, longs: String, enums: String, bytes: String, oneofs: true,
});
const channelOptions = options.gzip ? { 'grpc.default_compression_algorithm': 2 } : {};
const Client = grpc.makeClientConstructor(definition[service], service);
const client = new Client(target, grpc.credentials.createInsecure(), channelOptions);
const { requestStream, responseStream, originalName } = definition[service][method];
const name = originalName ?? method;
const requests = JSON.parse(requestsText);

const sentMetadata = new grpc.Metadata();
for (const pair of options.metadata) {
  const colon = pair.indexOf(':');
  const key = pair.slice(0, colon);
  const value = pair.slice(colon + 1);
  sentMetadata.add(key, key.endsWith('-bin') ? Buffer.from(value) : value);
}

function plain(metadata) {
  const entries = Object.entries(metadata?.getMap() ?? {});
  return Object.fromEntries(entries.map(([k, v]) => [k, Buffer.isBuffer(v) ? v.toString('hex') : v]));
}

const callOptions = { deadline: Date.now() + Number(options.timeout) * 1000 };
let initial = null;
let taken = 0;
let cut = false;

function onResponse(response) {
  console.log(JSON.stringify(response));
  taken++;
  if (taken === Number(options.take)) {
    cut = true;
    call.cancel();
  }
}

function onStatus(status) {
  if (!cut) {
    console.log(JSON.stringify({
      code: grpc.status[status.code],
      message: status.details,
      initial: plain(initial),
      trailing: plain(status.metadata),
    }));
  }
  process.exitCode = cut || status.code === grpc.status.OK ? 0 : 1;
  client.close();
}

function unaryDone(error, response) {
  if (!error) {
    onResponse(response);
  }
}

let call;
if (requestStream) {
  call = responseStream
    ? client[name](sentMetadata, callOptions)
    : client[name](sentMetadata, callOptions, unaryDone);
} else {
  call = responseStream
    ? client[name](requests[0], sentMetadata, callOptions)
    : client[name](requests[0], sentMetadata, callOptions, unaryDone);
}
call.on('metadata', (metadata) => { initial = metadata; });
call.on('status', onStatus);
if (responseStream) {
  call.on('data', onResponse);
  call.on('error', () => {});
}
if (requestStream) {
  requests.forEach((request) => call.write(request));
  call.end();
}
