using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Runtime.Tests.Codecs;

/// <summary>The exact messages for mistakes in the structure of definition files, with line and column.</summary>
public sealed class BadStructureTests
{
    [Theory]
    [InlineData(
        "f: spend + 1",
        "f: payment | count() where amont > 1 and contry == \"x\"",
        "16:34: unknown field of event 'payment': 'amont'; did you mean 'amount'?",
        "16:48: unknown field of event 'payment': 'contry'; did you mean 'country'?")]
    [InlineData("version: 1", "version: 2", "1:10: unknown version '2'; this host reads version 1")]
    [InlineData("version: 1\n", "", "1:1: the file needs 'version: 1'")]
    [InlineData("version: 1", "version: [1]", "1:10: 'version' must be a single value; found a sequence")]
    [InlineData(
        "version: 1\n",
        "version: 1\nevent: {}\n",
        "2:1: unknown key of the file: 'event'; did you mean 'events'?")]
    [InlineData(
        "topic: payments\n",
        "topik: payments\n",
        "3:3: event 'payment' needs a topic; add 'topic: NAME'",
        "4:5: unknown key of event 'payment': 'topik'; did you mean 'topic'?")]
    [InlineData(
        "topic: payments",
        "topic: pay ments",
        "4:12: 'pay ments' cannot be the name of a topic; allowed are letters, digits, . _ and -, at most 249, "
        + "but not . or .. alone")]
    [InlineData(
        "topic: logins",
        "topic: payments",
        "8:12: the topic 'payments' already belongs to event 'payment'; a topic holds one event")]
    [InlineData("topic: payments", "topic: [a]", "4:12: 'topic' must be a single value; found a sequence")]
    [InlineData("timestamp: ts", "timestamp: tss", "5:16: unknown field of event 'payment': 'tss'; did you mean 'ts'?")]
    [InlineData(
        "timestamp: ts",
        "timestamp: country",
        "5:16: 'timestamp' needs a field of type timestamp or int64; 'country' is string")]
    [InlineData(
        "timestamp: ts",
        "id: paymentid",
        "5:9: unknown field of event 'payment': 'paymentid'; known: user_id, amount, quantity, country, ok, tags, ts")]
    [InlineData("timestamp: ts", "id: amount", "5:9: 'id' needs a field of type string or int64; 'amount' is double")]
    [InlineData("timestamp: ts", "id: [user_id]", "5:9: 'id' must be a single value; found a sequence")]
    [InlineData("timestamp: ts", "id: {per: key}", "5:9: 'id' needs the field that holds it; add 'field: NAME'")]
    [InlineData(
        "timestamp: ts",
        "id: {field: userid, per: key}",
        "5:17: unknown field of event 'payment': 'userid'; did you mean 'user_id'?")]
    [InlineData(
        "timestamp: ts",
        "id: {field: user_id, per: user}",
        "5:31: unknown per: 'user'; known: partition, key")]
    [InlineData(
        "timestamp: ts",
        "id: {field: user_id, scope: key}",
        "5:26: unknown key of 'id': 'scope'; known: field, per")]
    [InlineData(
        "timestamp: ts",
        "key: usr_id",
        "5:10: unknown field of event 'payment': 'usr_id'; did you mean 'user_id'?")]
    [InlineData("timestamp: ts", "format: avr", "5:13: unknown format: 'avr'; did you mean 'avro'?")]
    [InlineData("timestamp: ts", "format: jsn", "5:13: unknown format: 'jsn'; did you mean 'json'?")]
    [InlineData(
        "timestamp: ts",
        "dedupe: 10",
        "5:13: 'dedupe' must be a duration such as 10m, with one of ms, s, m, h, d, w; found '10'")]
    [InlineData("timestamp: ts", "dedupe: 2d", "5:13: 'dedupe' of 2d is out of range; allowed are 1s to 1d")]
    [InlineData(
        "timestamp: ts",
        "classes: {user: pii}",
        "5:15: unknown field of event 'payment': 'user'; did you mean 'user_id'?")]
    [InlineData(
        "timestamp: ts",
        "timestamp: ts\n    timestamp: ts",
        "6:5: the key 'timestamp' is there already, in line 5")]
    [InlineData(
        "amount: double",
        "amount: doubel",
        "6:39: unknown type of field 'amount': 'doubel'; did you mean 'double'?")]
    [InlineData(
        "amount: double",
        "amount: decimal",
        "6:39: unknown type of field 'amount': 'decimal'; known: bool, int64, double, string, timestamp, list")]
    [InlineData(
        "fields: {user_id: string, ok: bool}",
        "fields: {}",
        "9:13: event 'login' has 0 fields; allowed are 1 to 1000")]
    [InlineData(
        "    fields: {user_id: string, ok: bool}\n",
        "",
        "7:3: event 'login' needs fields; add 'fields: {NAME: TYPE, …}'")]
    [InlineData("  login:\n", "  payment:\n", "7:3: the key 'payment' is there already, in line 3")]
    [InlineData(
        "  login:\n",
        "  Login:\n",
        "7:3: 'Login' cannot be the name of an event; a name starts with a lower-case letter and has lower-case "
        + "letters, digits and _, at most 63")]
    [InlineData("  login:\n", "  not:\n", "7:3: 'not' cannot be the name of an event; it is a word of the language")]
    [InlineData(
        "from: {payment: user_id}",
        "from: {paymant: user_id}",
        "12:12: unknown event: 'paymant'; did you mean 'payment'?")]
    [InlineData(
        "from: {payment: user_id}",
        "from: {payment: userid}",
        "12:21: unknown field of event 'payment': 'userid'; did you mean 'user_id'?")]
    [InlineData(
        "from: {payment: user_id}",
        "from: {payment: amount}",
        "12:21: a key field must be string or int64; 'amount' is double")]
    [InlineData(
        "    from: {payment: user_id}\n",
        "",
        "11:3: entity 'user' needs 'from'; add 'from: {EVENT: KEY_FIELD}'")]
    [InlineData(
        "from: {payment: user_id}",
        "from: {payment: user_id}\n    ttl: soon",
        "13:10: 'ttl' must be a duration such as 10m, with one of ms, s, m, h, d, w; found 'soon'")]
    [InlineData(
        "from: {payment: user_id}",
        "from: {payment: user_id}\n    memory: {turns: many, fact: 1}",
        "13:21: 'turns' must be an integer from 0 to 1000000; found 'many'",
        "13:27: unknown key of memory: 'fact'; did you mean 'facts'?")]
    [InlineData(
        "from: {payment: user_id}",
        "from: {payment: user_id}\n    outputs: yes",
        "13:14: 'outputs' must be a mapping of keys to values; found 'yes'")]
    [InlineData(
        "from: {payment: user_id}",
        "from: {payment: user_id}\n    outputs: {o: {topic: payments}, p: {topc: x}}",
        "13:26: the topic 'payments' is read as event 'payment'; an output needs a topic of its own",
        "13:37: output 'p' needs a topic; add 'topic: NAME'",
        "13:41: unknown key of output 'p': 'topc'; did you mean 'topic'?")]
    [InlineData(
        "from: {payment: user_id}",
        "from: {payment: user_id}\n"
        + "    outputs: {o: {topic: a, format: jsn}, p: {topic: a, features: [spnd], interval: 1ms}}",
        "13:37: unknown format: 'jsn'; did you mean 'json'?",
        "13:54: the topic 'a' already belongs to output 'user.o'; a topic takes one output, since its keys are those "
        + "of the entities",
        "13:68: unknown feature: 'spnd'; did you mean 'spend'?",
        "13:85: 'interval' of 1ms is out of range; allowed are 100ms to 1m")]
    [InlineData(
        "from: {payment: user_id}",
        "from: {payment: user_id}\n    outputs: {o: {topic: a, features: spend, partitions: 0}}",
        "13:39: 'features' must be a sequence of features' names; found 'spend'",
        "13:58: 'partitions' must be an integer from 1 to 1024; found '0'")]
    [InlineData("f: spend + 1", "spend: spend + 1", "16:7: the key 'spend' is there already, in line 14")]
    [InlineData(
        "f: spend + 1",
        "f: a + 1\n      a: b + 1\n      b: f",
        "16:10: derived features form a cycle: f → a → b → f")]
    [InlineData("f: spend + 1", "f:", "16:9: feature 'f' must be a single value; found nothing")]
    [InlineData(
        "f: spend + 1",
        "F: spend",
        "16:7: 'F' cannot be the name of a feature; a name starts with a lower-case letter and has lower-case "
        + "letters, digits and _, at most 63")]
    [InlineData(
        "f: spend + 1",
        "f: &a spend\n      g: *a",
        "16:10: anchors and tags are not allowed in definitions",
        "17:10: aliases are not allowed in definitions; write the value out")]
    [InlineData("f: spend + 1", "f: !!str spend", "16:10: anchors and tags are not allowed in definitions")]
    [InlineData("      f: spend", "\tf: spend", "16:1: a tab stands in the indentation; YAML indents by spaces")]
    [InlineData(
        "f: spend + 1",
        "f: \"spend",
        "16:10: this is not YAML: while scanning a quoted scalar, found unexpected end of stream")]
    [InlineData(
        "f: spend + 1",
        "f: >-\n        payment | count()\n        where amont > 1",
        "18:15: unknown field of event 'payment': 'amont'; did you mean 'amount'?")]
    [InlineData(
        "f: spend + 1",
        "f: payment | count()\n        where amont > 1",
        "17:15: unknown field of event 'payment': 'amont'; did you mean 'amount'?")]
    public void Parse_BadStructure_SaysWhereAndWhatWasMeant(string found, string replacement, params string[] expected)
    {
        Assert.Contains(found, BadDefinitions.Good, StringComparison.Ordinal);
        string text = BadDefinitions.Good.Replace(found, replacement, StringComparison.Ordinal);

        DefinitionReadResult result = DefinitionFiles.Parse("d.yaml", text);

        Assert.Null(result.Set);
        Assert.Equal(expected.Select(e => "d.yaml:" + e), result.Errors.Select(e => e.ToString()));
    }

    [Fact]
    public void Parse_TheGoodDefinition_HasNoError() =>
        Assert.Empty(DefinitionFiles.Parse("d.yaml", BadDefinitions.Good).Errors);
}
