using System.Collections;

namespace ContextGrid.TestKit.Oracle;

/// <summary>Says whether an answer is right.</summary>
public static class OracleComparison
{
    /// <summary>Null when <paramref name="actual"/> is right, else a sentence that says what is wrong.</summary>
    /// <param name="expected">The oracle's answer.</param>
    /// <param name="actual">The product's value in the oracle's types.</param>
    /// <param name="status">The product's status, by number as on the wire.</param>
    /// <param name="eventTimeMs">The product's event time.</param>
    public static string? Difference(OracleAnswer expected, object? actual, int status, long eventTimeMs)
    {
        if ((int)expected.Status != status)
        {
            return $"the status is {(OracleStatus)status} ({OracleText.Of(actual)}); right is {expected}";
        }

        if (expected.EventTimeMs != eventTimeMs)
        {
            return $"the event time is {eventTimeMs}; right is {expected}";
        }

        return IsRight(expected.Value, actual, expected.Tolerance)
            ? null
            : $"the value is {OracleText.Of(actual)}; right is {expected}";
    }

    /// <summary>Whether a value is right within its tolerance.</summary>
    public static bool IsRight(object? expected, object? actual, OracleTolerance tolerance)
    {
        switch (expected, actual)
        {
            case (_, null) or (null, _): return expected is null && actual is null;
            case (double, double) or (long, long) when tolerance != OracleTolerance.None:
                return IsNear(OracleOrder.Number(expected), OracleOrder.Number(actual), tolerance);
            case (List<OracleCategory> a, List<OracleCategory> b): return IsRanked(a, b);
            case (IList a, IList b):
                return a.Count == b.Count && Enumerable.Range(0, a.Count).All(i => Same(a[i], b[i]));
            default: return Same(expected, actual);
        }
    }

    private static bool Same(object? a, object? b) => OracleOrder.Instance.Equals(a, b);

    private static bool IsNear(double expected, double actual, OracleTolerance tolerance) =>
        expected == actual
        || Math.Abs(expected - actual) <= (Math.Abs(expected) * tolerance.Relative) + tolerance.Absolute;

    // Values within a tolerance may rank differently, so the answer's own values decide whether its order is right.
    private static bool IsRanked(List<OracleCategory> expected, List<OracleCategory> actual)
    {
        bool isExact = expected.All(c => c.Tolerance == OracleTolerance.None);
        if (expected.Count != actual.Count)
        {
            return false;
        }

        for (int i = 0; i < actual.Count; i++)
        {
            bool isInOrder = i == 0 || OracleCategories.Rank(actual[i - 1], actual[i]) < 0;
            OracleCategory? same = expected.Find(c => Same(c.Key, actual[i].Key));
            bool isRight = isExact
                ? Same(expected[i].Key, actual[i].Key) && IsRight(expected[i].Value, actual[i].Value, default)
                : same is not null && IsRight(same.Value, actual[i].Value, same.Tolerance);
            if (!isInOrder || !isRight)
            {
                return false;
            }
        }

        return true;
    }
}
