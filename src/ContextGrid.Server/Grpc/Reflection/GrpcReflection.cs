using ContextGrid.Contracts.Reflection.V1;
using Google.Protobuf.Reflection;
using Request = ContextGrid.Contracts.Reflection.V1.ServerReflectionRequest;
using Response = ContextGrid.Contracts.Reflection.V1.ServerReflectionResponse;
using V1AlphaReflection = ContextGrid.Contracts.Reflection.V1Alpha.ReflectionReflection;

namespace ContextGrid.Server.Grpc.Reflection;

/// <summary>
/// The standard reflection service (grpc/grpc, doc/server-reflection.md), by which grpcurl and its like learn the
/// services without .proto files. The versions v1 and v1alpha have the same messages on the wire, so one handler serves
/// both. Thread-safe.
/// </summary>
public sealed class GrpcReflection
{
    private const string MethodName = "ServerReflectionInfo";

    private readonly DescriptorIndex _index;
    private readonly ListServiceResponse _services = new();

    private GrpcReflection(IEnumerable<GrpcService> services, IEnumerable<FileDescriptor> more)
    {
        var v1 = ReflectionReflection.Descriptor.Services[0];
        var v1Alpha = V1AlphaReflection.Descriptor.Services[0];
        Services =
        [
            new GrpcService(v1).Duplex<Request, Response>(MethodName, Request.Parser, AnswerAsync),
            new GrpcService(v1Alpha).Duplex<Request, Response>(MethodName, Request.Parser, AnswerAsync),
        ];
        var all = services.Concat(Services).Select(s => s.Descriptor).ToList();
        _index = new DescriptorIndex(all.Select(d => d.File).Concat(more));
        _services.Service.AddRange(
            all.Select(d => d.FullName).Order(StringComparer.Ordinal).Select(n => new ServiceResponse { Name = n }));
    }

    private IReadOnlyList<GrpcService> Services { get; }

    /// <summary>Makes the two reflection services that describe the given services and themselves.</summary>
    /// <param name="services">The server's other services.</param>
    /// <param name="more">Files that no service imports but clients meet, such as those of error details.</param>
    public static IReadOnlyList<GrpcService> CreateServices(
        IEnumerable<GrpcService> services, params IEnumerable<FileDescriptor> more) =>
        new GrpcReflection(services, more).Services;

    private async ValueTask AnswerAsync(
        GrpcRequestReader<Request> requests, GrpcResponseWriter<Response> responses, GrpcCallContext call)
    {
        var sent = new HashSet<string>(StringComparer.Ordinal);
        while (await requests.ReadAsync().ConfigureAwait(false) is { } request)
        {
            var response = Answer(request, sent);
            response.ValidHost = request.Host;
            response.OriginalRequest = request;
            await responses.WriteAsync(response).ConfigureAwait(false);
        }
    }

    private Response Answer(Request request, HashSet<string> sent) => request.MessageRequestCase switch
    {
        Request.MessageRequestOneofCase.ListServices => new Response { ListServicesResponse = _services },
        Request.MessageRequestOneofCase.FileByFilename =>
            Files(_index.FileByName(request.FileByFilename), $"file '{request.FileByFilename}'", sent),
        Request.MessageRequestOneofCase.FileContainingSymbol =>
            Files(_index.FileBySymbol(request.FileContainingSymbol), $"symbol '{request.FileContainingSymbol}'", sent),
        Request.MessageRequestOneofCase.FileContainingExtension => Files(
            _index.FileByExtension(
                request.FileContainingExtension.ContainingType, request.FileContainingExtension.ExtensionNumber),
            $"extension {request.FileContainingExtension.ExtensionNumber} of "
            + $"'{request.FileContainingExtension.ContainingType}'",
            sent),
        Request.MessageRequestOneofCase.AllExtensionNumbersOfType => Extensions(request.AllExtensionNumbersOfType),
        _ => Error(GrpcStatus.InvalidArgument, "The request asks nothing."),
    };

    private Response Extensions(string type)
    {
        if (_index.ExtensionNumbers(type) is not { } numbers)
        {
            return Error(GrpcStatus.NotFound, $"There is no message '{type}'.");
        }

        var response = new ExtensionNumberResponse { BaseTypeName = type };
        response.ExtensionNumber.AddRange(numbers);
        return new Response { AllExtensionNumbersResponse = response };
    }

    // The asked file always goes out, even a second time; what it imports only where this stream has not sent it yet.
    private Response Files(FileDescriptor? file, string asked, HashSet<string> sent)
    {
        if (file is null)
        {
            return Error(GrpcStatus.NotFound, $"There is no {asked}.");
        }

        var response = new FileDescriptorResponse();
        response.FileDescriptorProto.Add(_index.Bytes(file));
        sent.Add(file.Name);
        AddDependencies(file, response, sent);
        return new Response { FileDescriptorResponse = response };
    }

    private void AddDependencies(FileDescriptor file, FileDescriptorResponse response, HashSet<string> sent)
    {
        foreach (var dependency in file.Dependencies)
        {
            if (sent.Add(dependency.Name))
            {
                response.FileDescriptorProto.Add(_index.Bytes(dependency));
                AddDependencies(dependency, response, sent);
            }
        }
    }

    private static Response Error(GrpcStatus status, string message) =>
        new() { ErrorResponse = new ErrorResponse { ErrorCode = (int)status, ErrorMessage = message } };
}
