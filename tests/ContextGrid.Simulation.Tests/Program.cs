using ContextGrid.Simulation.Tests.World;

// As a test project, unless it is asked to simulate: simulate --seeds N --from S.
return args is ["simulate", ..]
    ? new SimulationCommand(args[1..]).Run()
    : await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);
