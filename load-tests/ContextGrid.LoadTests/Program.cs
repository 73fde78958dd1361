using ContextGrid.LoadTests.Ladder;

// What the scripts of load-tests can't do in shell. The first argument is the verb, then --name value pairs.
return await LadderCommands.RunAsync(args);
