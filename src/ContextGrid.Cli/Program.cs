using ContextGrid.Cli;

return await CommandLineApp.RunAsync(args, CliConsole.OfProcess());
