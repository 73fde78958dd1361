namespace ContextGrid.Runtime.Tests.Codecs;

/// <summary>A good definition, from which tests make bad ones.</summary>
internal static class BadDefinitions
{
    internal const string Good =
    """
    version: 1
    events:
      payment:
        topic: payments
        timestamp: ts
        fields: {user_id: string, amount: double, quantity: int64, country: string, ok: bool, tags: list, ts: timestamp}
      login:
        topic: logins
        fields: {user_id: string, ok: bool}
    entities:
      user:
        from: {payment: user_id}
        features:
          spend: payment | sum(amount) over 1h
          by_country: payment | count() by country
          f: spend + 1

    """;
}
