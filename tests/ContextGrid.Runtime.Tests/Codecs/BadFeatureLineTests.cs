using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Runtime.Tests.Codecs;

/// <summary>The exact messages for mistakes inside a feature line, with their column.</summary>
public sealed class BadFeatureLineTests
{
    private const string NeverTrue = "34: 'where' with null is never true; write is_null(x) to ask for null";

    [Theory]
    [InlineData("payment | sum(amont)", "24: unknown field of event 'payment': 'amont'; did you mean 'amount'?")]
    [InlineData("paymnt | count()", "10: unknown event of entity 'user': 'paymnt'; did you mean 'payment'?")]
    [InlineData(
        "login | count()",
        "10: the entity 'user' does not consume the event 'login'; add 'login: KEY_FIELD' to its from")]
    [InlineData("payment | cuont()", "20: unknown aggregate 'cuont'; did you mean 'count'?")]
    [InlineData("payment | sum(country)", "24: sum needs a number; found string")]
    [InlineData("payment | sum()", "24: sum needs an argument; write sum(x)")]
    [InlineData("payment | sum(amount, 2)", "30: too many arguments; write sum(x)")]
    [InlineData(
        "payment | count() over 5x",
        "33: '5x' is neither a number nor a duration; a duration is a whole number and one of ms, s, m, h, d, "
        + "w, such as 5m")]
    [InlineData("payment | count() over 5", "33: found '5'; expected a duration such as 5m as the window")]
    [InlineData("payment | count() over 500ms", "33: the window of 500ms is out of range; allowed are 1s to 400d")]
    [InlineData("payment | count() over 401d", "33: the window of 401d is out of range; allowed are 1s to 400d")]
    [InlineData(
        "payment | count() over tumblig 5m",
        "33: found 'tumblig' after 'over'; expected a duration such as 5m, or tumbling, hopping or session; did "
        + "you mean 'tumbling'?")]
    [InlineData(
        "payment | count() over hopping 1h",
        "43: found the end of the line; expected 'every' and a duration after the hopping window")]
    [InlineData("payment | count() over hopping 1h every 7m", "50: the window 1h is not a multiple of the hop 7m")]
    [InlineData(
        "payment | count() over hopping 1d every 1m",
        "50: the hop 1m cuts the window 1d into 1440 tiles; at most 512 are allowed")]
    [InlineData("payment | count() over 1h resolution 2h", "47: the resolution 2h is longer than the window 1h")]
    [InlineData(
        "payment | count() over 1h resolution 1s",
        "47: the resolution 1s cuts the window 1h into 3600 tiles; at most 512 are allowed")]
    [InlineData(
        "payment | count() where country == null",
        "42: '==' with null is never true; write is_null(country)")]
    [InlineData(
        "payment | count() where null != amount + 1",
        "39: '!=' with null is never true; write not is_null(amount + 1)")]
    [InlineData("payment | count() where amount < null", "41: '<' with null is never true; write is_null(amount)")]
    [InlineData(
        "payment | count() where amount == quantity + null",
        "41: '==' with null is never true; write is_null(amount)")]
    [InlineData(
        "payment | count() where country in (null)",
        "42: 'in' with null is never true; write is_null(country)")]
    [InlineData(
        "payment | count() where country not in (null, null)",
        "42: 'in' with null is never true; write is_null(country)")]
    [InlineData(
        "payment | count() where country not in (\"DE\", null)",
        "56: null among the values of 'in' is equal to none, and 'not in' is never true with it; leave it out, "
        + "or write is_null(country)")]
    [InlineData("payment | count() where null", NeverTrue)]
    [InlineData("payment | count() where ok and null", NeverTrue)]
    [InlineData("payment | count() where not null", NeverTrue)]
    [InlineData("payment | count() where null or ok and null", NeverTrue)]
    [InlineData("payment | sum(if(null == ok, 1, 2))", "32: '==' with null is never true; write is_null(ok)")]
    [InlineData("payment | count() where amount", "34: 'where' needs a bool; found double")]
    [InlineData("payment | count() where amount = 3", "41: the character '=' has no meaning here; compare with '=='")]
    [InlineData(
        "payment | count() where country == 3",
        "42: '==' needs two numbers, two strings, two timestamps or two bools; found string and int64")]
    [InlineData("payment | count() where ok < true", "37: bools have no order for '<'; compare them with '==' or '!='")]
    [InlineData(
        "payment | count() where 1 < quantity < 5",
        "47: comparisons cannot be chained; join two of them by 'and' before '<'")]
    [InlineData(
        "payment | count() where amount > 5 over 1h",
        "45: 'over' stands at the wrong place; the order is: by … top … over … where …")]
    [InlineData("payment | count() by amount", "31: 'by' needs a string, an int64 or a bool; found double")]
    [InlineData("payment | count() by country top 0", "43: found '0'; 'top' takes a literal 1 to 1000")]
    [InlineData("payment | count() by country top 1001", "43: found '1001'; 'top' takes a literal 1 to 1000")]
    [InlineData(
        "payment | quantile(amount, 1.5)",
        "37: found '1.5'; the rank of quantile is a literal 0 to 1, such as 0.95")]
    [InlineData("payment | quantile(amount)", "35: found ')'; write quantile(x, q)")]
    [InlineData("payment | histogram(amount, 5, 1)", "41: the edges of histogram must ascend")]
    [InlineData("payment | histogram(amount, x)", "38: found 'x'; the edges of histogram are literal numbers")]
    [InlineData(
        "payment | last_n(amount, 300)",
        "35: found '300'; the number of values in last_n(x, n) is a literal 1 to 256")]
    [InlineData(
        "payment | ewma(amount, 5)",
        "33: found '5'; the half-life of ewma is a duration from 1ms to 400d, such as 1h")]
    [InlineData(
        "payment | rate() over session 30m",
        "27: rate needs a window of fixed size; write 'over 5m', 'over tumbling 5m' or 'over hopping 1h every 5m'")]
    [InlineData(
        "payment | rate()",
        "20: rate needs a window of fixed size; write 'over 5m', 'over tumbling 5m' or 'over hopping 1h every 5m'")]
    [InlineData(
        "payment | min_by(amount, ok)",
        "35: the order of min_by needs a number, a timestamp or a string; found bool")]
    [InlineData("payment | top_k(ok, 3)", "26: top_k needs a number, a timestamp or a string; found bool")]
    [InlineData("payment | first(tags)", "26: first needs a single value; found list")]
    [InlineData("payment | count() where lower(amount) == country", "40: lower needs a string; found double")]
    [InlineData(
        "payment | count() where lowr(country) == country",
        "34: unknown function 'lowr'; did you mean 'lower'?")]
    [InlineData(
        "payment | count() where country in (1, 2)",
        "46: a value of 'in' must compare with string; found int64")]
    [InlineData("payment | sum(amount * country)", "31: '*' needs two numbers; found double and string")]
    [InlineData("payment | sum(if(ok, 1))", "24: if is called with 2 arguments; write if(condition, a, b)")]
    [InlineData("payment | sum(if(amount, 1, 2))", "27: if needs a bool as condition; found double")]
    [InlineData(
        "payment | sum(coalesce(amount, country))",
        "41: coalesce needs values of one type (double before it); found string")]
    [InlineData(
        "payment | sum(quantity + 9223372036854775808)",
        "35: the integer 9223372036854775808 does not fit into 64 bits; write 9223372036854775808.0")]
    [InlineData("payment | sum(1e999)", "24: the number 1e999 is too large; the largest is 1.7976931348623157E+308")]
    [InlineData("payment | count(", "26: found the end of the line; expected a value")]
    [InlineData(
        "payment | count() where (ok",
        "37: found the end of the line; expected ')' after the expression in parentheses")]
    [InlineData("payment | count() where not", "37: found the end of the line; expected a value")]
    [InlineData(
        "payment | count() where country == 'x'",
        "45: the character ''' has no meaning here; texts stand in double quotes")]
    [InlineData("payment | count() where country == \"x", "45: a text has no end; add the closing \"")]
    [InlineData("payment | sum(amount) extra", "32: found 'extra'; expected by, over, where or the end of the line")]
    [InlineData(
        "\"| count()\"",
        "11: an aggregate feature starts with an event and '|', such as 'payment | count()'; found '|'")]
    [InlineData("sum_of(spend)", "10: unknown function 'sum_of'")]
    [InlineData("avg(spend)", "10: the aggregate 'avg' needs its event; write 'event | avg(…)'")]
    [InlineData("spend over 1h", "16: found 'over' in a derived feature; only 'event | aggregate(…)' has it")]
    [InlineData("spend + spnd", "18: unknown feature of entity 'user': 'spnd'; did you mean 'spend'?")]
    [InlineData(
        "spend + by_country",
        "16: '+' needs two numbers, or a timestamp and an int64 of milliseconds; found double and map")]
    [InlineData("by_country", "10: a derived feature cannot be a map; use the feature itself, or length(…) of it")]
    [InlineData("null", "10: a derived feature needs a type; this expression is always null")]
    [InlineData("f + 1", "10: derived features form a cycle: f → f")]
    [InlineData(
        "spend + 5m",
        "18: found the duration '5m'; durations stand in windows and in ewma only, in expressions write milliseconds")]
    [InlineData("spend & 1", "16: the character '&' has no meaning here; write 'and'")]
    [InlineData("round(spend, 20)", "23: round needs a literal 0 to 15 as digits; found int64")]
    [InlineData("payment | count(null)", "26: count of null is always empty; write count() or count(x)")]
    [InlineData("payment | count() where hour_of_day(quantity) == 3", "46: hour_of_day needs a timestamp; found int64")]
    [InlineData(
        "payment | count() where contains(tags, tags)",
        "49: contains needs a single value to look for; found list")]
    [InlineData("payment | sum(amount) | 3", "32: found '|'; expected by, over, where or the end of the line")]
    [InlineData(
        "payment | count() where amount == not ok",
        "44: 'not' binds weaker than the operator before it; put 'not …' into parentheses")]
    [InlineData(
        "payment | sum(\"a\\q\")",
        "26: an unknown escape in a text; known are \\\" \\\\ \\/ \\n \\r \\t \\uXXXX")]
    [InlineData("[1]", "10: feature 'f' must be a single value; found a sequence")]
    [InlineData(
        "'payment | count() where country == \"it''s\" and amont > 1'",
        "58: unknown field of event 'payment': 'amont'; did you mean 'amount'?")]
    [InlineData(
        "\"payment | count() where country == \\\"x\\\" and amont > 1\"",
        "56: unknown field of event 'payment': 'amont'; did you mean 'amount'?")]
    public void Parse_BadFeatureLine_SaysWhereAndWhatWasMeant(string line, string expected)
    {
        string text = BadDefinitions.Good.Replace("f: spend + 1", "f: " + line, StringComparison.Ordinal);

        DefinitionReadResult result = DefinitionFiles.Parse("d.yaml", text);

        Assert.Null(result.Set);
        Assert.Equal("d.yaml:16:" + expected, Assert.Single(result.Errors).ToString());
    }
}
