namespace ContextGrid.Server.Grpc;

/// <summary>One method that can be called.</summary>
public abstract class GrpcMethod
{
    private protected GrpcMethod(string service, string name, GrpcMethodKind kind)
    {
        Service = service;
        Name = name;
        Kind = kind;
        Path = $"/{service}/{name}";
    }

    /// <summary>The full name of the service, such as <c>contextgrid.v1.ContextService</c>.</summary>
    public string Service { get; }

    /// <summary>The method's name, such as <c>GetContext</c>.</summary>
    public string Name { get; }

    /// <summary>Which sides stream.</summary>
    public GrpcMethodKind Kind { get; }

    /// <summary>The path that calls it: <c>/service/name</c>.</summary>
    public string Path { get; }

    /// <summary>Reads the request, runs the handler and writes the response; the caller writes the status.</summary>
    internal abstract ValueTask RunAsync(GrpcCallContext call);
}

/// <summary>Which sides of a method stream.</summary>
public enum GrpcMethodKind
{
    /// <summary>One request, one response.</summary>
    Unary,

    /// <summary>Any number of requests, then one response.</summary>
    ClientStreaming,

    /// <summary>One request, any number of responses.</summary>
    ServerStreaming,

    /// <summary>Any number of either, in any order.</summary>
    Duplex,
}
