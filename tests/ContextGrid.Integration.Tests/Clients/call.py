#!/usr/bin/env python3
"""Calls a gRPC method by Debian's python3-grpcio, knowing nothing but .proto files.

    call.py --protoc PROTOC --include DIR... --proto FILE... [--gzip] [--timeout S] [--metadata KEY:VALUE]...
            [--take N] TARGET SERVICE/METHOD REQUESTS

REQUESTS is a JSON array of messages in protobuf's JSON mapping. Prints one response a line as JSON, then one line
{"code": …, "message": …, "details": […], "initial": {…}, "trailing": {…}}. Exits with 0 when the code is OK or the
stream was cut by --take, else with 1.
"""
import argparse
import json
import subprocess
import sys
import tempfile

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory


def load(arguments):
    """Compiles the .proto files into a pool of descriptors."""
    with tempfile.NamedTemporaryFile(suffix=".pb") as out:
        includes = [f"-I{directory}" for directory in arguments.include]
        subprocess.run(
            [arguments.protoc, *includes, "--include_imports", f"--descriptor_set_out={out.name}", *arguments.proto],
            check=True)
        files = descriptor_pb2.FileDescriptorSet.FromString(out.read())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    return pool


def message_class(pool, descriptor):
    """The class of a message, whichever way this version of protobuf makes it."""
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)
    return message_factory.MessageFactory(pool).GetPrototype(descriptor)


def to_line(pool, message):
    return json.dumps(json_format.MessageToDict(message, preserving_proto_field_name=True, descriptor_pool=pool))


def to_metadata(pair):
    key, value = pair.split(":", 1)
    return key, value.encode() if key.endswith("-bin") else value


def metadata_of(pairs):
    return {key: value.hex() if isinstance(value, bytes) else value for key, value in pairs or ()}


def details_of(pool, trailing):
    """The decoded google.rpc.Status details, where the pool knows their types."""
    for key, value in trailing or ():
        if key == "grpc-status-details-bin":
            status = message_class(pool, pool.FindMessageTypeByName("google.rpc.Status")).FromString(value)
            return json_format.MessageToDict(status, descriptor_pool=pool).get("details", [])
    return []


def streaming(pool, service, method):
    """Whether client and server stream; the wrapped descriptor of older protobuf versions does not tell."""
    proto = descriptor_pb2.ServiceDescriptorProto()
    pool.FindServiceByName(service).CopyToProto(proto)
    found = next(m for m in proto.method if m.name == method)
    return found.client_streaming, found.server_streaming


def start(channel, pool, path, options, requests):
    """Starts the call; returns it and an iterator of its responses."""
    service, method = path.split("/")
    descriptor = pool.FindServiceByName(service).FindMethodByName(method)
    request_class = message_class(pool, descriptor.input_type)
    response_class = message_class(pool, descriptor.output_type)
    messages = [json_format.ParseDict(r, request_class(), descriptor_pool=pool) for r in requests]
    client, server = streaming(pool, service, method)
    kind = ("stream" if client else "unary") + "_" + ("stream" if server else "unary")
    stub = getattr(channel, kind)(
        f"/{path}", request_serializer=request_class.SerializeToString, response_deserializer=response_class.FromString)
    argument = iter(messages) if client else messages[0]
    if server:
        call = stub(argument, **options)
        return call, call
    call = stub.future(argument, **options)
    return call, (call.result() for _ in range(1))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--protoc", required=True)
    parser.add_argument("--include", action="append", required=True)
    parser.add_argument("--proto", action="append", required=True)
    parser.add_argument("--gzip", action="store_true")
    parser.add_argument("--timeout", type=float, default=20)
    parser.add_argument("--metadata", action="append", default=[])
    parser.add_argument("--take", type=int)
    parser.add_argument("target")
    parser.add_argument("path")
    parser.add_argument("requests")
    arguments = parser.parse_args()
    pool = load(arguments)
    options = {
        "timeout": arguments.timeout,
        "metadata": [to_metadata(pair) for pair in arguments.metadata],
        "compression": grpc.Compression.Gzip if arguments.gzip else None,
    }
    with grpc.insecure_channel(arguments.target) as channel:
        call, responses = start(channel, pool, arguments.path, options, json.loads(arguments.requests))
        taken = 0
        try:
            for response in responses:
                print(to_line(pool, response))
                taken += 1
                if taken == arguments.take:
                    call.cancel()
                    return 0
        except grpc.RpcError:
            pass
        print(json.dumps({
            "code": call.code().name,
            "message": call.details(),
            "details": details_of(pool, call.trailing_metadata()),
            "initial": metadata_of(call.initial_metadata()),
            "trailing": metadata_of(call.trailing_metadata()),
        }))
        return 0 if call.code() == grpc.StatusCode.OK else 1


sys.exit(main())
