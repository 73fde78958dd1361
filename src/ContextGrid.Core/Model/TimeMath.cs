namespace ContextGrid.Core.Model;

/// <summary>Arithmetic on times in milliseconds.</summary>
public static class TimeMath
{
    /// <summary>Division that rounds towards negative infinity, so that tiles before 1970 are aligned too.</summary>
    /// <param name="value">A time in milliseconds.</param>
    /// <param name="size">A positive size in milliseconds.</param>
    public static long FloorDiv(long value, long size)
    {
        long quotient = value / size;
        return value % size < 0 ? quotient - 1 : quotient;
    }
}
