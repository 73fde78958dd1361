Console.WriteLine("ContextGrid");
