using System.Text;
using ContextGrid.Core.Model;

namespace ContextGrid.TestKit.Oracle;

/// <summary>Carries values between the product's type and the oracle's plain ones.</summary>
public static class CoreValues
{
    /// <summary>The product's value for a plain one.</summary>
    public static Value ToCore(object? value) => value switch
    {
        null => Value.Null,
        bool b => Value.Of(b),
        long n => Value.Of(n),
        double d => Value.Of(d),
        string s => Value.Text(s),
        OracleTime time => Value.Timestamp(time.Ms),
        _ => throw new InvalidOperationException($"An event can't hold {value}."),
    };

    /// <summary>The plain value for one of the product's.</summary>
    public static object? FromCore(in Value value)
    {
        switch (value.Kind)
        {
            case ValueKind.Null: return null;
            case ValueKind.Bool: return value.Bool;
            case ValueKind.Int64: return value.Int64;
            case ValueKind.Double: return value.Double;
            case ValueKind.String: return Encoding.UTF8.GetString(value.Utf8);
            case ValueKind.Timestamp: return new OracleTime(value.Int64);
        }

        ReadOnlySpan<Value> items = value.Items;
        var plain = new List<object?>();
        var categories = new List<OracleCategory>();
        for (int i = 0; i < items.Length; i++)
        {
            if (value.Kind == ValueKind.List)
            {
                plain.Add(FromCore(items[i]));
            }
            else if (i % 2 == 1)
            {
                object key = FromCore(items[i - 1])!; // A category is never null.
                categories.Add(new OracleCategory(key, FromCore(items[i]), OracleTolerance.None));
            }
        }

        return value.Kind == ValueKind.List ? plain : categories;
    }
}
