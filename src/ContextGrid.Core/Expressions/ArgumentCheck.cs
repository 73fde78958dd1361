using System.Collections.Immutable;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Expressions;

/// <summary>Checks the types of a call's arguments and remembers the first that is wrong.</summary>
internal sealed class ArgumentCheck(ImmutableArray<CallArgument> arguments)
{
    /// <summary>What the wrong argument should have been.</summary>
    internal string Needed { get; private set; } = "";

    /// <summary>Index of the wrong argument.</summary>
    internal int WrongIndex { get; private set; }

    /// <summary>Whether some arguments are of an accepted type.</summary>
    internal bool All(int first, int count, string needed, Func<ValueKind, bool> accepts)
    {
        for (int i = first; i < first + count; i++)
        {
            ValueKind type = arguments[i].Expression.Type;
            if (type != ValueKind.Null && !accepts(type))
            {
                (Needed, WrongIndex) = (needed, i);
                return false;
            }
        }

        return true;
    }

    /// <summary>The common type of the arguments from an index on; null when there is none.</summary>
    internal ValueKind? Common(int first, string needed, Func<ValueKind, bool> accepts)
    {
        ValueKind common = ValueKind.Null;
        for (int i = first; i < arguments.Length; i++)
        {
            ValueKind? next = ExpressionRules.Unify(common, arguments[i].Expression.Type);
            if (next is null || !All(i, 1, needed, accepts))
            {
                string others = next is null ? $"{needed} ({TypeNames.Of(common)} before it)" : needed;
                (Needed, WrongIndex) = (others, i);
                return null;
            }

            common = next.Value;
        }

        return common;
    }

    /// <summary>The result when all arguments are texts; else null.</summary>
    internal ValueKind? Texts(ValueKind result) =>
        All(0, arguments.Length, "a string", k => k == ValueKind.String) ? result : null;
}
