using System.Globalization;
using System.Text;

namespace ContextGrid.Integration.Tests.BadInput;

/// <summary>Events of the topic payments that must not be taken, each with the reason's code.</summary>
internal static class BadEvents
{
    /// <summary>The user that bad events are about, where that can be told.</summary>
    public const string Victim = "victim";

    /// <summary>Name, payload and reason of each.</summary>
    /// <param name="nowMs">The present time, milliseconds since the Unix epoch.</param>
    public static IReadOnlyList<(string Name, byte[] Payload, string Reason)> All(long nowMs)
    {
        string ts = nowMs.ToString(CultureInfo.InvariantCulture);
        string seconds = (nowMs / 1000).ToString(CultureInfo.InvariantCulture);
        string ahead = (nowMs + 600_000).ToString(CultureInfo.InvariantCulture);
        string head = $$"""{"user_id":"{{Victim}}","ts":{{ts}},""";
        List<(string Name, string Json, string Reason)> texts =
        [
            ("empty payload", "", "invalid_json"),
            ("broken JSON", head + "\"items\":1", "invalid_json"),
            ("text after the object", head + "\"items\":1} {}", "invalid_json"),
            ("two byte order marks", "\uFEFF\uFEFF" + head + "\"items\":1}", "invalid_json"),
            ("not an object", "[1,2]", "not_an_object"),
            ("a line of another format", "199.72.81.55 - - [01/Jul/1995] \"GET /\" 200", "not_an_object"),
            ("wrong type: text for integer", head + "\"items\":\"three\"}", "wrong_type"),
            ("wrong type: fraction for integer", head + "\"items\":1.5}", "wrong_type"),
            ("wrong type: number for text", head + "\"merchant\":5}", "wrong_type"),
            ("missing key", $$"""{"items":1,"ts":{{ts}}}""", "missing_key"),
            ("null key", $$"""{"user_id":null,"ts":{{ts}}}""", "missing_key"),
            ("empty key", $$"""{"user_id":"","ts":{{ts}}}""", "empty_key"),
            ("key of 5 KB", $$"""{"user_id":"{{new string('k', 5 * 1024)}}","ts":{{ts}}}""", "key_too_long"),
            ("missing timestamp", $$"""{"user_id":"{{Victim}}"}""", "missing_timestamp"),
            ("null timestamp", $$"""{"user_id":"{{Victim}}","ts":null}""", "missing_timestamp"),
            ("unparsable timestamp", $$"""{"user_id":"{{Victim}}","ts":"yesterday"}""", "bad_timestamp"),
            ("timestamp in seconds", $$"""{"user_id":"{{Victim}}","ts":{{seconds}}}""", "bad_timestamp"),
            ("too far in the future", $$"""{"user_id":"{{Victim}}","ts":{{ahead}}}""", "too_far_in_future"),
            ("nesting 1,000 deep", head + $"\"x\":{new string('[', 1000)}{new string(']', 1000)}}}", "too_deep"),
            ("lone high surrogate", head + "\"merchant\":\"\\ud800\"}", "lone_surrogate"),
            ("lone low surrogate", head + "\"merchant\":\"\\udc00x\"}", "lone_surrogate"),
            ("NaN", head + "\"amount\":NaN}", "invalid_json"),
            ("Infinity", head + "\"amount\":-Infinity}", "invalid_json"),
            ("1e400", head + "\"amount\":1e400}", "number_out_of_range"),
            ("65-bit integer", head + "\"items\":9223372036854775808}", "number_out_of_range"),
            ("duplicate member", head + "\"items\":1,\"items\":1}", "duplicate_member"),
        ];
        List<(string, byte[], string)> all = [.. texts.Select(t => (t.Name, Encoding.UTF8.GetBytes(t.Json), t.Reason))];
        byte[] notUtf8 = Encoding.UTF8.GetBytes(head + "\"merchant\":\"?\"}");
        notUtf8[^3] = 0xFF;
        all.Add(("invalid UTF-8", notUtf8, "invalid_utf8"));
        return all;
    }

    /// <summary>One byte more than a payload may have.</summary>
    public static byte[] TooLarge()
    {
        byte[] payload = new byte[(1 << 20) + 1];
        payload.AsSpan().Fill((byte)' ');
        "{}"u8.CopyTo(payload);
        return payload;
    }

    /// <summary>A good event.</summary>
    public static string Good(string user, long nowMs, string more = "") => string.Create(
        CultureInfo.InvariantCulture, $$"""{"user_id":"{{user}}","items":1,"ts":{{nowMs}}{{more}}}""");
}
