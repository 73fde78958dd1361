using System.Globalization;
using System.Text;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Expressions;

/// <summary>A constant: a Bool, Int64, Double, String or null.</summary>
public sealed class LiteralExpression : Expression
{
    private readonly Value _value;

    /// <summary>Creates the constant.</summary>
    public LiteralExpression(Value value) => _value = value;

    /// <summary>The literal <c>null</c>; also stands in for what is wrong, since it fits every type.</summary>
    public static LiteralExpression Null { get; } = new(Model.Value.Null);

    /// <summary>The constant.</summary>
    public Value Value => _value;

    /// <inheritdoc/>
    public override ValueKind Type => _value.Kind;

    /// <summary>A negative number binds like the minus that it starts with.</summary>
    internal override int Precedence =>
        _value.Kind is ValueKind.Int64 or ValueKind.Double && _value.ToDouble() < 0
            ? BindingPower.Unary
            : BindingPower.Atom;

    /// <inheritdoc/>
    public override Value Evaluate(ReadOnlySpan<Value> slots, ExpressionScratch scratch) => _value;

    /// <inheritdoc/>
    public override string ToString() => _value.Kind switch
    {
        ValueKind.Double => PrintDouble(_value.Double),
        ValueKind.String => TextLexer.Print(Encoding.UTF8.GetString(_value.Utf8)),
        _ => _value.ToString(),
    };

    /// <summary>The shortest text that reads back as the same double, and not as an integer.</summary>
    internal static string PrintDouble(double value)
    {
        string text = value.ToString("R", CultureInfo.InvariantCulture);
        return text.AsSpan().IndexOfAny('.', 'E') >= 0 ? text : text + ".0";
    }
}
