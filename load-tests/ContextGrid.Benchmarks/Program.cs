using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

// The rungs, from the smallest: decode, apply, query, snapshot. Each is an upper bound of what stands on it.
// All:       dotnet run -c Release --project load-tests/ContextGrid.Benchmarks -- --filter '*'
// One rung:  … -- --filter '*Decode*'
// A short job in this process: good for a comparison on one machine within two minutes, not for the third digit.
IConfig config = DefaultConfig.Instance
    .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance))
    .AddDiagnoser(MemoryDiagnoser.Default);
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, config);
