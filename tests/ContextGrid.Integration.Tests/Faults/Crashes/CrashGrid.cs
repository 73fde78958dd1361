namespace ContextGrid.Integration.Tests.Faults.Crashes;

/// <summary>The definitions under which servers are killed: ids and none, windows and lifetimes, two entity types of
/// which one gathers events of all partitions.</summary>
internal static class CrashGrid
{
    internal const string Payments = "payments";
    internal const string Ticks = "ticks";
    internal const string User = "user";
    internal const string Merchant = "merchant";

    internal const string Definitions = """
        version: 1
        events:
          payment:
            topic: payments
            timestamp: ts
            id: payment_id
            dedupe: 10m
            key: user_id
            fields: {payment_id: string, user_id: string, merchant: string, amount: double, items: int64, ok: bool}
          tick:
            topic: ticks
            key: user_id
            fields: {user_id: string, n: int64}
        entities:
          user:
            from: {payment: user_id, tick: user_id}
            allowed_lateness: 1h
            features:
              payments: payment | count()
              items: payment | sum(items)
              spend: payment | sum(amount)
              spend_ok_1h: payment | sum(amount) over 1h where ok
              largest: payment | max(amount)
              median_1h: payment | quantile(amount, 0.5) over 1h
              merchants: payment | distinct(merchant)
              payment_ids: payment | distinct_exact(payment_id)
              by_merchant_1h: payment | count() by merchant top 3 over 1h
              last_merchant: payment | last(merchant)
              ticks: tick | count()
              tick_sum: tick | sum(n)
              tick_last: tick | last(n)
              ticks_5m: tick | count() over 5m
              items_each: items / max(payments, 1)
          merchant:
            from: {payment: merchant}
            allowed_lateness: 1h
            features:
              sales: payment | count()
              revenue: payment | sum(amount)
              revenue_10m: payment | sum(amount) over 10m
              sold: payment | distinct_exact(payment_id)
              last_buyer: payment | last(user_id)

        """;
}
