using ContextGrid.Contracts.Health.V1;
using ServingStatus = ContextGrid.Contracts.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace ContextGrid.Server.Grpc.Health;

/// <summary>
/// The standard health service (grpc/grpc, doc/health-checking.md): the states of services, set by the server, asked or
/// watched by clients. A watcher that is slow sees the newest state; nothing is queued for it. Thread-safe.
/// </summary>
public sealed class GrpcHealth
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ServingStatus> _states = new(StringComparer.Ordinal);
    private TaskCompletionSource _changed = NewSignal();

    /// <summary>Creates the service; the server as a whole, named by the empty text, is NOT_SERVING until it is set.
    /// </summary>
    public GrpcHealth()
    {
        _states[""] = ServingStatus.NotServing;
        Service = new GrpcService(HealthReflection.Descriptor.Services[0])
            .Unary<HealthCheckRequest, HealthCheckResponse>("Check", HealthCheckRequest.Parser, CheckAsync)
            .ServerStreaming<HealthCheckRequest, HealthCheckResponse>("Watch", HealthCheckRequest.Parser, WatchAsync);
    }

    /// <summary>The service, to be given to the dispatcher.</summary>
    public GrpcService Service { get; }

    /// <summary>Sets a state and tells the watchers.</summary>
    /// <param name="service">The full name of a service; empty: the server as a whole.</param>
    /// <param name="isServing">Whether its calls are served.</param>
    public void Set(string service, bool isServing)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            var state = isServing ? ServingStatus.Serving : ServingStatus.NotServing;
            if (_states.TryGetValue(service, out var old) && old == state)
            {
                return;
            }

            _states[service] = state;
            changed = _changed;
            _changed = NewSignal();
        }

        changed.SetResult();
    }

    private ValueTask<HealthCheckResponse> CheckAsync(HealthCheckRequest request, GrpcCallContext call)
    {
        var (state, _) = Read(request.Service);
        return state != ServingStatus.ServiceUnknown
            ? new ValueTask<HealthCheckResponse>(new HealthCheckResponse { Status = state })
            : throw new GrpcException(GrpcStatus.NotFound, $"There is no service '{request.Service}'.");
    }

    private async ValueTask WatchAsync(
        HealthCheckRequest request, GrpcResponseWriter<HealthCheckResponse> responses, GrpcCallContext call)
    {
        ServingStatus? sent = null;
        while (true)
        {
            var (state, changed) = Read(request.Service);
            if (state != sent)
            {
                await responses.WriteAsync(new HealthCheckResponse { Status = state }).ConfigureAwait(false);
                sent = state;
            }

            await changed.WaitAsync(call.CancellationToken).ConfigureAwait(false);
        }
    }

    private (ServingStatus State, Task Changed) Read(string service)
    {
        lock (_lock)
        {
            return (_states.GetValueOrDefault(service, ServingStatus.ServiceUnknown), _changed.Task);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
