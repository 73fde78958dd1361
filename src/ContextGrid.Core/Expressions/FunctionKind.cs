namespace ContextGrid.Core.Expressions;

/// <summary>The functions of expressions. docs/DEFINITIONS.md gives each one's exact meaning.</summary>
public enum FunctionKind
{
    /// <summary><c>coalesce(a, b, …)</c>: the first value that is not null.</summary>
    Coalesce,

    /// <summary><c>if(c, a, b)</c>: a when c is true, else b.</summary>
    If,

    /// <summary><c>is_null(x)</c>: whether x is null; never null itself.</summary>
    IsNull,

    /// <summary><c>lower(s)</c>: each scalar's simple lower case.</summary>
    Lower,

    /// <summary><c>upper(s)</c>: each scalar's simple upper case.</summary>
    Upper,

    /// <summary><c>length(x)</c>: Unicode scalars of a text, items of a list, categories of a map.</summary>
    Length,

    /// <summary><c>contains(s, t)</c>: whether text s has the part t, or list s the item t.</summary>
    Contains,

    /// <summary><c>starts_with(s, t)</c>: whether text s starts with t.</summary>
    StartsWith,

    /// <summary><c>hour_of_day(t)</c>: 0–23, UTC.</summary>
    HourOfDay,

    /// <summary><c>day_of_week(t)</c>: 1 Monday to 7 Sunday, UTC.</summary>
    DayOfWeek,

    /// <summary><c>hash_bucket(x, n)</c>: a stable hash of x, modulo n.</summary>
    HashBucket,

    /// <summary><c>log(x)</c>: natural logarithm.</summary>
    Log,

    /// <summary><c>exp(x)</c>: e to the power of x.</summary>
    Exp,

    /// <summary><c>sqrt(x)</c>: square root.</summary>
    Sqrt,

    /// <summary><c>abs(x)</c>: the amount without its sign.</summary>
    Abs,

    /// <summary><c>round(x)</c>, <c>round(x, digits)</c>: the nearest number, halves away from zero.</summary>
    Round,

    /// <summary><c>min(a, b, …)</c>: the smallest.</summary>
    Min,

    /// <summary><c>max(a, b, …)</c>: the largest.</summary>
    Max,

    /// <summary><c>clamp(x, low, high)</c>: x, or the bound that it is beyond.</summary>
    Clamp,
}
