using System.Runtime.InteropServices;

namespace ContextGrid.Server;

/// <summary>
/// The signals that stop a server. SIGTERM drains first, a second one ends the drain; SIGINT and SIGQUIT come from
/// somebody at a terminal, who waits, and stop at once. Disposing gives the signals back.
/// </summary>
internal sealed class ServerSignals : IDisposable
{
    private readonly PosixSignalRegistration[] _registrations;

    internal ServerSignals(GridServer server) => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            server.Drain();
        }),
        .. ((PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGQUIT]).Select(
            name => PosixSignalRegistration.Create(name, signal =>
            {
                signal.Cancel = true;
                server.Stop();
            })),
    ];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }
    }

    /// <summary>Leaves signals to <see cref="ServerSignals"/>: the framework's own lifetime closes the ports at once.
    /// </summary>
    internal sealed class NoLifetime : IHostLifetime
    {
        /// <inheritdoc/>
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        /// <inheritdoc/>
        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
