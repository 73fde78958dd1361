using ContextGrid.Core.Expressions;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Tests.Expressions;

public sealed class ExpressionEvaluationTests
{
    [Theory]
    [InlineData("1 + 2 * 3", "7")]
    [InlineData("(1 + 2) * 3", "9")]
    [InlineData("10 - 4 - 3", "3")]
    [InlineData("7 / 2", "3.5")]
    [InlineData("6 / 2", "3")]
    [InlineData("i % 4", "3")]
    [InlineData("-7 % 4", "-3")]
    [InlineData("-9223372036854775808 % -1", "0")]
    [InlineData("i % 0", "null")]
    [InlineData("i / 0", "null")]
    [InlineData("x / y", "null")]
    [InlineData("x % y", "null")]
    [InlineData("9223372036854775807 + 1", "null")]
    [InlineData("-9223372036854775808 - 1", "null")]
    [InlineData("9223372036854775807 * 2", "null")]
    [InlineData("-i", "-7")]
    [InlineData("- -5", "5")]
    [InlineData("i + x", "9.5")]
    [InlineData("1e308 * 10.0", "null")]
    [InlineData("at + 1", "2024-02-26T00:00:00.000Z")]
    [InlineData("at - at", "0")]
    [InlineData("at + 251693395200000", "9999-12-31T23:59:59.999Z")]
    [InlineData("at + 251693395200001", "null")]
    [InlineData("at - 63844502399999", "0001-01-01T00:00:00.000Z")]
    [InlineData("at - 63844502400000", "null")]
    [InlineData("at + 9223372036854775807", "null")]
    [InlineData("none + 1", "null")]
    [InlineData("i == 7.0", "true")]
    [InlineData("s == \"Gr\\u00fc\\u00dfe\"", "true")]
    [InlineData("\"a\" < \"b\"", "true")]
    [InlineData("\"Z\" < \"a\"", "true")]
    [InlineData("i != none", "null")]
    [InlineData("lower(\"\\u0130\") == \"\\u0130\"", "true")]
    [InlineData("upper(\"\\u0131\") == \"\\u0131\"", "true")]
    [InlineData("upper(\"\\u017f\") == \"\\u017f\"", "true")]
    [InlineData("lower(\"\\u00c4\") == \"\\u00e4\"", "true")]
    [InlineData("b and none == 1", "null")]
    [InlineData("c and none == 1", "false")]
    [InlineData("b or none == 1", "true")]
    [InlineData("none == 1 or b", "true")]
    [InlineData("none == 1 or c", "null")]
    [InlineData("not (none == 1)", "null")]
    [InlineData("not b or b", "true")]
    [InlineData("not i == 8", "true")]
    [InlineData("i in (1, 7)", "true")]
    [InlineData("i in (1, none)", "null")]
    [InlineData("i in (7, none)", "true")]
    [InlineData("none in (1, 2)", "null")]
    [InlineData("i not in (1, 2)", "true")]
    [InlineData("i in (7.0)", "true")]
    [InlineData("`odd name` + 1", "12")]
    public void Evaluate_Operators_GiveDocumentedResult(string text, string expected) => Check(text, expected);

    [Theory]
    [InlineData("coalesce(none, i, j)", "7")]
    [InlineData("coalesce(none, none)", "null")]
    [InlineData("coalesce(i, 1.5)", "7")]
    [InlineData("if(b, 1, 2)", "1")]
    [InlineData("if(none == 1, 1, 2)", "2")]
    [InlineData("if(c, s, null)", "null")]
    [InlineData("is_null(none)", "true")]
    [InlineData("is_null(i)", "false")]
    [InlineData("lower(\"ÄB C ẞΣ\")", "\"äb c ßσ\"")]
    [InlineData("upper(s)", "\"GRÜßE\"")]
    [InlineData("lower(\"plain\")", "\"plain\"")]
    [InlineData("upper(\"ⱥ\")", "\"Ⱥ\"")]
    [InlineData("lower(\"Ⱥ𐐀\")", "\"ⱥ𐐨\"")]
    [InlineData("length(s)", "5")]
    [InlineData("length(\"😀\")", "1")]
    [InlineData("length(l)", "2")]
    [InlineData("length(\"\")", "0")]
    [InlineData("contains(s, t)", "true")]
    [InlineData("contains(s, \"x\")", "false")]
    [InlineData("contains(s, \"\")", "true")]
    [InlineData("contains(l, 1)", "true")]
    [InlineData("contains(l, \"b\")", "false")]
    [InlineData("starts_with(s, \"Gr\")", "true")]
    [InlineData("starts_with(t, s)", "false")]
    [InlineData("hour_of_day(at)", "23")]
    [InlineData("day_of_week(at)", "7")]
    [InlineData("day_of_week(at + 1)", "1")]
    [InlineData("day_of_week(at - at + (at - 1708905599999))", "4")]
    [InlineData("hash_bucket(s, 0)", "null")]
    [InlineData("hash_bucket(1, 10) == hash_bucket(1, 10)", "true")]
    [InlineData("log(0)", "null")]
    [InlineData("log(-1)", "null")]
    [InlineData("log(1)", "0")]
    [InlineData("exp(0)", "1")]
    [InlineData("exp(1)", "2.718281828459045")]
    [InlineData("exp(710)", "null")]
    [InlineData("exp(-746)", "0")]
    [InlineData("sqrt(9)", "3")]
    [InlineData("sqrt(-1)", "null")]
    [InlineData("abs(j)", "2")]
    [InlineData("abs(-9223372036854775808)", "null")]
    [InlineData("abs(-x)", "2.5")]
    [InlineData("round(x)", "3")]
    [InlineData("round(-x)", "-3")]
    [InlineData("round(i)", "7")]
    [InlineData("round(2.345, 1)", "2.3")]
    [InlineData("round(2.675, 2)", "2.68")]
    [InlineData("round(1.005, 2)", "1.01")]
    [InlineData("round(0.1 + 0.2, 1)", "0.3")]
    [InlineData("round(0.285, 2)", "0.29")]
    [InlineData("round(-1.115, 2)", "-1.12")]
    [InlineData("round(2.5)", "3")]
    [InlineData("round(-2.5)", "-3")]
    [InlineData("round(0.49999999999999994)", "0")]
    [InlineData("round(5e-324, 15)", "0")]
    [InlineData("round(1.7976931348623157e308, 15)", "1.7976931348623157E+308")]
    [InlineData("round(123456789.12345678, 15)", "123456789.12345678")]
    [InlineData("round(9007199254740991.5, 0)", "9007199254740992")]
    [InlineData("round(1234567.8901234567, 9)", "1234567.890123457")]
    [InlineData("round(-0.004, 2)", "0")]
    [InlineData("round(1e-7, 7)", "1E-07")]
    [InlineData("min(i, j, 3)", "-2")]
    [InlineData("max(i, x)", "7")]
    [InlineData("max(i, none)", "null")]
    [InlineData("min(at, at + 1)", "2024-02-25T23:59:59.999Z")]
    [InlineData("clamp(i, 0, 5)", "5")]
    [InlineData("clamp(j, 0, 5)", "0")]
    [InlineData("clamp(i, 5, 0)", "null")]
    [InlineData("clamp(i, 0.5, 9)", "7")]
    public void Evaluate_Functions_GiveDocumentedResult(string text, string expected) => Check(text, expected);

    [Theory]
    [InlineData("hash_bucket(\"user-1\", 1000000)", "user-1")]
    [InlineData("hash_bucket(\"\", 1000000)", "")]
    public void HashBucket_OfText_IsTheStableHashOfItsBytes(string text, string content)
    {
        Value value = ExpressionTestScope.Parse(text).Evaluate([], new ExpressionScratch());

        Assert.Equal((long)(StableHash.Of(System.Text.Encoding.UTF8.GetBytes(content)) % 1_000_000), value.Int64);
    }

    [Fact]
    public void Evaluate_DayOfWeekBeforeTheEpoch_CountsBackwards()
    {
        Value[] values = ExpressionTestScope.Values();
        values[8] = Value.Timestamp(-1);

        Assert.Equal(3, ExpressionTestScope.Parse("day_of_week(at)").Evaluate(values, new ExpressionScratch()).Int64);
        Assert.Equal(23, ExpressionTestScope.Parse("hour_of_day(at)").Evaluate(values, new ExpressionScratch()).Int64);
    }

    [Fact]
    public void Evaluate_InSteadyState_AllocatesNothing()
    {
        string[] texts =
        [
            "i * 2 + x / y > 3 and s in (\"a\", \"Grüße\") or not b", "upper(s) == \"GRÜSSE\"", "coalesce(none, i, x)",
            "if(contains(lower(s), t), log(x), exp(x))", "clamp(min(i, j), 0, 5) + length(l) + hash_bucket(s, 7)",
            "round(sqrt(abs(x)), 2)", "hour_of_day(at) + day_of_week(at)", "contains(l, \"a\")", "-(i % 3)",
        ];
        Expression[] expressions = [.. texts.Select(ExpressionTestScope.Parse)];
        Value[] values = ExpressionTestScope.Values();
        var scratch = new ExpressionScratch();
        EvaluateAll(expressions, values, scratch);

        long before = GC.GetAllocatedBytesForCurrentThread();
        EvaluateAll(expressions, values, scratch);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void EvaluateAll(Expression[] expressions, Value[] values, ExpressionScratch scratch)
    {
        for (int round = 0; round < 1_000; round++)
        {
            scratch.Reset();
            foreach (Expression expression in expressions)
            {
                expression.Evaluate(values, scratch);
            }
        }
    }

    private static void Check(string text, string expected)
    {
        Expression expression = ExpressionTestScope.Parse(text);

        Value value = expression.Evaluate(ExpressionTestScope.Values(), new ExpressionScratch());

        Assert.Equal(expected, value.ToString());
        Assert.True(value.IsNull || value.Kind == expression.Type, $"{value.Kind} is not {expression.Type}");
    }
}
