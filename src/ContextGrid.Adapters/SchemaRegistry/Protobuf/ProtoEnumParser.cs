namespace ContextGrid.Adapters.SchemaRegistry.Protobuf;

/// <summary>Reads enums of .proto files.</summary>
internal static class ProtoEnumParser
{
    /// <summary>Reads an enum behind its word.</summary>
    /// <exception cref="SchemaTextException">It is none.</exception>
    internal static ProtoEnum Parse(ProtoLexer lexer, ProtoFile file, string scope)
    {
        var found = new ProtoEnum(file, ProtoParser.Join(scope, lexer.TakeName()));
        lexer.Expect("{");
        while (!lexer.TryTake("}"))
        {
            if (lexer.TryTake(";"))
            {
                continue;
            }

            string name = lexer.TakeName();
            if (lexer.TryTake("="))
            {
                found.Values.Add((name, lexer.TakeInt()));
                ProtoOptions.Field(lexer);
                lexer.Expect(";");
            }
            else
            {
                // An option, or reserved numbers.
                ProtoOptions.SkipStatement(lexer);
            }
        }

        return found;
    }
}
