using Confluent.Kafka;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Adapters.Kafka;

/// <summary>Kafka's errors as those of the port.</summary>
internal static class KafkaFaults
{
    /// <summary>Says what an error means for whoever uses the log.</summary>
    /// <param name="error">The error.</param>
    /// <param name="what">What can't be done.</param>
    /// <param name="right">The right that this needs.</param>
    /// <param name="inner">The cause, if any.</param>
    internal static EventLogException Of(Error error, string what, KafkaRight right, Exception? inner = null)
    {
        if (IsDenial(error))
        {
            return new EventLogException(
                EventLogError.Denied, $"{what}: the server's user in Kafka lacks {right}. {KafkaRight.Advice}", inner);
        }

        EventLogError kind = error.Code switch
        {
            ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownTopic or ErrorCode.Local_UnknownPartition =>
                EventLogError.UnknownPartition,
            ErrorCode.MsgSizeTooLarge or ErrorCode.RecordListTooLarge => EventLogError.RecordTooLarge,
            ErrorCode.Local_QueueFull => EventLogError.Busy,
            _ => EventLogError.Unavailable,
        };
        return new EventLogException(kind, $"{what}: {error.Reason} ({error.Code}){Advice(error.Code)}", inner);
    }

    /// <summary>Whether a right is missing.</summary>
    internal static bool IsDenial(Error? error) => error?.Code is ErrorCode.TopicAuthorizationFailed
        or ErrorCode.GroupAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed
        or ErrorCode.TransactionalIdAuthorizationFailed;

    /// <summary>Whether to ask again after it.</summary>
    internal static bool IsPassing(Error error) => !error.IsFatal && error.Code is ErrorCode.LeaderNotAvailable
        or ErrorCode.NotLeaderForPartition or ErrorCode.RequestTimedOut or ErrorCode.Local_Transport
        or ErrorCode.NetworkException or ErrorCode.Local_UnknownPartition;

    /// <summary>Whether a broker has refused who asks.</summary>
    internal static bool IsRefusal(Error? error) => error?.Code is ErrorCode.Local_Authentication or ErrorCode.Local_Ssl
        or ErrorCode.SaslAuthenticationFailed;

    private static string Advice(ErrorCode code) => code switch
    {
        ErrorCode.Local_Authentication or ErrorCode.SaslAuthenticationFailed =>
            ". Check user, password and mechanism in the Kafka properties.",
        ErrorCode.Local_Ssl => ". Check ssl.ca.location and the certificates in the Kafka properties.",
        ErrorCode.Local_AllBrokersDown or ErrorCode.Local_Transport or ErrorCode.Local_Resolve =>
            ". Check the address and that the brokers run.",
        _ => "",
    };
}
