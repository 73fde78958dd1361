using ContextGrid.Server;

return ServerOptions.Parse(args, options => ServerHost.RunAsync(options, TimeProvider.System));
