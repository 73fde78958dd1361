using System.Text;

namespace ContextGrid.Adapters.SchemaRegistry.Protobuf;

/// <summary>
/// The options of one declaration. Features, <c>default</c>, <c>packed</c> and <c>map_entry</c> are kept in every
/// spelling; all others are passed over.
/// </summary>
/// <param name="features">Where features go.</param>
internal sealed class ProtoOptions(ProtoFeatureChanges features)
{
    private const string FeaturesName = "features";

    internal ProtoFeatureChanges Features { get; } = features;

    /// <summary>What <c>default</c> gives; null: nothing.</summary>
    internal ProtoConstant? Default { get; private set; }

    internal bool IsMapEntry { get; private set; }

    /// <summary>Reads <c>[NAME = VALUE, …]</c>, if it is there.</summary>
    internal void TakeBrackets(ProtoLexer lexer)
    {
        if (!lexer.TryTake("["))
        {
            return;
        }

        while (!lexer.TryTake("]"))
        {
            Take(lexer);
            if (!lexer.TryTake(",") && !lexer.Is("]"))
            {
                throw lexer.Wrong("',' or ']'");
            }
        }
    }

    /// <summary>Reads <c>NAME = VALUE</c>.</summary>
    internal void Take(ProtoLexer lexer)
    {
        string name = TakeName(lexer);
        lexer.Expect("=");
        if (!lexer.Is("{"))
        {
            Set(name, TakeConstant(lexer));
        }
        else if (name == FeaturesName)
        {
            lexer.Take();
            TakeFeatures(lexer);
        }
        else
        {
            lexer.Take();
            SkipBraces(lexer);
        }
    }

    /// <summary>Passes over the rest of a block, behind its opening brace.</summary>
    internal static void SkipBraces(ProtoLexer lexer)
    {
        for (int depth = 1; depth > 0;)
        {
            ProtoToken token = lexer.Take();
            depth += token.Is("{") ? 1 : token.Is("}") ? -1 : 0;
        }
    }

    // Parts in parentheses name extensions: (a.b).c, features.(pb.cpp).x.
    private static string TakeName(ProtoLexer lexer)
    {
        var name = new StringBuilder();
        do
        {
            name.Append(name.Length == 0 ? "" : ".");
            if (lexer.TryTake("("))
            {
                name.Append('(').Append(lexer.TakePath()).Append(')');
                lexer.Expect(")");
            }
            else
            {
                name.Append(lexer.TakeName());
            }
        }
        while (lexer.TryTake("."));
        return name.ToString();
    }

    private static ProtoConstant TakeConstant(ProtoLexer lexer)
    {
        bool isNegative = lexer.TryTake("-");
        if (!isNegative)
        {
            lexer.TryTake("+");
        }

        ProtoToken token = lexer.Current;
        if (token.Kind == ProtoTokenKind.Text)
        {
            byte[] bytes = lexer.TakeText();
            return new ProtoConstant(token.Kind, Encoding.UTF8.GetString(bytes), bytes, isNegative);
        }

        if (token.Kind is ProtoTokenKind.Sign or ProtoTokenKind.End)
        {
            throw lexer.Wrong("a value");
        }

        return new ProtoConstant(token.Kind, lexer.Take().Text, [], isNegative);
    }

    private void Set(string name, ProtoConstant value)
    {
        switch (name)
        {
            case "default":
                Default = value;
                break;
            case "packed":
                Features.IsPacked = value.Text == "true";
                break;
            case "map_entry":
                IsMapEntry = value.Text == "true";
                break;
            default:
                if (name.StartsWith(FeaturesName + ".", StringComparison.Ordinal))
                {
                    Features.Set(name[(FeaturesName.Length + 1)..], value.Text);
                }

                break;
        }
    }

    // The fields of a message in text format, behind its opening brace: NAME: VALUE, with a comma, a semicolon or
    // nothing between them.
    private void TakeFeatures(ProtoLexer lexer)
    {
        while (!lexer.TryTake("}"))
        {
            if (lexer.TryTake(",") || lexer.TryTake(";"))
            {
                continue;
            }

            string name = "";
            if (lexer.Is("["))
            {
                SkipValue(lexer);
            }
            else
            {
                name = lexer.TakeName();
            }

            bool isScalar = lexer.TryTake(":") && !lexer.Is("{") && !lexer.Is("<") && !lexer.Is("[");
            if (isScalar)
            {
                Features.Set(name, TakeConstant(lexer).Text);
            }
            else
            {
                SkipValue(lexer);
            }
        }
    }

    // A message or a list of the text format, and everything in it.
    private static void SkipValue(ProtoLexer lexer)
    {
        var closers = new Stack<string>();
        do
        {
            ProtoToken token = lexer.Take();
            string? closer = token.Kind != ProtoTokenKind.Sign ? null : token.Text switch
            {
                "{" => "}",
                "[" => "]",
                "<" => ">",
                _ => null,
            };
            if (closer is not null)
            {
                closers.Push(closer);
            }
            else if (closers.Count > 0 && token.Is(closers.Peek()))
            {
                closers.Pop();
            }
        }
        while (closers.Count > 0);
    }
}
