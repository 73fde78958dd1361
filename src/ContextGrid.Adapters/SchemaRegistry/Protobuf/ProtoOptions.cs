using System.Text;

namespace ContextGrid.Adapters.SchemaRegistry.Protobuf;

/// <summary>Reads options, and passes over what payloads do not depend on.</summary>
internal static class ProtoOptions
{
    /// <summary>Takes a sign or a name.</summary>
    internal static string TakeSignOrName(this ProtoLexer lexer) =>
        lexer.IsText ? throw lexer.Wrong("a name") : lexer.Take();

    /// <summary>Reads <c>NAME = VALUE;</c> behind the word <c>option</c>.</summary>
    internal static (string Name, string Value) Statement(ProtoLexer lexer)
    {
        (string Name, string Value) option = Option(lexer);
        lexer.Expect(";");
        return option;
    }

    /// <summary>Reads the options of a field or an enum's value in brackets, if there are any.</summary>
    internal static Dictionary<string, string> Field(ProtoLexer lexer)
    {
        var options = new Dictionary<string, string>(StringComparer.Ordinal);
        if (!lexer.TryTake("["))
        {
            return options;
        }

        do
        {
            (string name, string value) = Option(lexer);
            options[name] = value;
        }
        while (lexer.TryTake(","));
        lexer.Expect("]");
        return options;
    }

    /// <summary>Passes over a statement: up to its semicolon, or its block in braces.</summary>
    internal static void SkipStatement(ProtoLexer lexer)
    {
        int depth = 0;
        while (true)
        {
            string token = lexer.IsText ? "" : lexer.Token;
            lexer.Take();
            depth += token switch { "{" => 1, "}" => -1, _ => 0 };

            // The value of an option may be a block; the semicolon behind it is then an empty statement.
            if (depth <= 0 && token is ";" or "}")
            {
                return;
            }
        }
    }

    private static (string Name, string Value) Option(ProtoLexer lexer)
    {
        var name = new StringBuilder();
        while (!lexer.TryTake("="))
        {
            name.Append(lexer.TakeSignOrName());
        }

        if (lexer.TryTake("{"))
        {
            SkipBlock(lexer);
            return (name.ToString(), "");
        }

        if (lexer.IsText)
        {
            return (name.ToString(), lexer.TakeText());
        }

        bool negative = lexer.TryTake("-");
        return (name.ToString(), (negative ? "-" : "") + lexer.TakeSignOrName());
    }

    private static void SkipBlock(ProtoLexer lexer)
    {
        for (int depth = 1; depth > 0;)
        {
            string token = lexer.IsText ? "" : lexer.Token;
            lexer.Take();
            depth += token switch { "{" => 1, "}" => -1, _ => 0 };
        }
    }
}
