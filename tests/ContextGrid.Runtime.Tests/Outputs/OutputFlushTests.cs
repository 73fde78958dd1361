using System.Text;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Outputs;
using ContextGrid.TestKit.Logs;
using Microsoft.Extensions.Logging.Abstractions;

namespace ContextGrid.Runtime.Tests.Outputs;

/// <summary>What a checkpoint does with outputs that can't keep up.</summary>
public sealed class OutputFlushTests : IDisposable
{
    private const string Definitions = """
        version: 1
        events:
          payment: {topic: payments, fields: {user: string}}
        entities:
          user:
            from: {payment: user}
            features: {payments: payment | count()}
            outputs: {features: {topic: user-features, interval: 100ms, partitions: 1}}

        """;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly string _root = Directory.CreateTempSubdirectory("contextgrid-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Flush_MoreIsMarkedThanMayWaitWhileItWaits_EndsAndIsNotWhole()
    {
        HeldLog? held = null;
        await using EmbeddedHost host = await EmbeddedHost.StartAsync(
            new EmbeddedHostOptions
            {
                Definitions = DefinitionFiles.Parse("definitions.yaml", Definitions).Set!, // They are right.
                DataDirectory = _root,
                CheckpointInterval = TimeSpan.FromHours(1),
                RetentionTime = TimeSpan.Zero,
            },
            new HostPlatform(TimeProvider.System, NullLoggerFactory.Instance)
            {
                AroundLog = log => held = new HeldLog(log, "user-features"),
            },
            CancellationToken.None);
        OutputMarks marks = host.Grid.Tables[0].Outputs[0];
        await UntilAsync(() => host.Outputs.States.Single().IsWhole); // The first pass, through nothing.

        held!.Hold(); // The start has made it.
        marks.Mark("u"u8);
        await held.Reached.WaitAsync(Limit); // The writer appends, and keeps others out.
        var flush = host.Outputs.FlushAsync();
        for (int i = 0; i <= OutputMarks.WaitingMax; i++)
        {
            marks.Mark(Encoding.UTF8.GetBytes($"u{i}"));
        }

        held.LetGo();
        Assert.Empty(await flush.AsTask().WaitAsync(Limit));
        await UntilAsync(() => host.Outputs.States.Single() is { IsWhole: true, Waiting: 0 });
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (!holds())
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    /// <summary>Stands before a log, and keeps appends to one topic waiting while it is told to.</summary>
    private sealed class HeldLog(IEventLog log, string topic) : ForwardingLog(log)
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private volatile TaskCompletionSource? _gate;

        /// <summary>Ends when an append waits.</summary>
        internal Task Reached => _reached.Task;

        internal void Hold() => _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal void LetGo()
        {
            TaskCompletionSource? gate = _gate;
            _gate = null;
            gate?.SetResult();
        }

        public override async ValueTask AppendAsync(
            string to,
            ReadOnlyMemory<LogRecord> records,
            Memory<RecordPosition> positions,
            CancellationToken cancellationToken)
        {
            if (to == topic && _gate is { } gate)
            {
                _reached.TrySetResult();
                await gate.Task;
            }

            await base.AppendAsync(to, records, positions, cancellationToken);
        }
    }
}
