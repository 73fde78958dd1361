using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

// A closer look below the rungs of load-tests/ladder.sh: snapshots, and each aggregate's state.
// All:       dotnet run -c Release --project load-tests/ContextGrid.Benchmarks -- --filter '*'
// One class: … -- --filter '*Snapshot*'
// A short job in this process: good for a comparison on one machine within two minutes, not for the third digit.
IConfig config = DefaultConfig.Instance
    .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance))
    .AddDiagnoser(MemoryDiagnoser.Default);
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, config);
