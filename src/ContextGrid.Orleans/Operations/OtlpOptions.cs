namespace ContextGrid.Orleans.Operations;

/// <summary>Where a silo's metrics and traces go, by OTLP over HTTP with protobuf. Headers, time limits and attributes
/// of the resource are read from the standard variables (<c>OTEL_EXPORTER_OTLP_HEADERS</c> and so on).</summary>
public sealed record OtlpOptions
{
    /// <summary>The collector's address without the paths of the signals, such as <c>http://127.0.0.1:4318</c>.
    /// </summary>
    public required Uri Endpoint { get; init; }

    /// <summary>The part of traces that is kept, 0 to 1, default 1 in 100: each batch of events makes a call for each
    /// of its entities. A call out of a trace that is kept elsewhere is kept.</summary>
    public double TraceRatio { get; init; } = 0.01;
}
