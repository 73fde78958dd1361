using ContextGrid.LimitRuns;

// neighbour ADDRESS: measures latency for whoever started it. Otherwise the names of runs; none: all.
return args is ["neighbour", var address]
    ? await Neighbour.ServeAsync(new Uri(address))
    : await LimitRun.RunAllAsync(args);
