using ContextGrid.MemoryRuns;

// Two processes, so that a restart has the memory of a restart: fill, then restart, over the same data directory.
MemoryRunOptions options = MemoryRunOptions.Parse(args);
if (options.IsRestart)
{
    await RestartRun.RunAsync(options);
}
else
{
    await FillRun.RunAsync(options);
}
