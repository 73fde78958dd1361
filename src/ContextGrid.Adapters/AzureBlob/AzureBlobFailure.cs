using ContextGrid.Core.Model;
using System.Net.Sockets;
using Azure;
using Azure.Identity;
using ContextGrid.Runtime.Checkpoints;
using Polly.Timeout;

namespace ContextGrid.Adapters.AzureBlob;

/// <summary>
/// Reads the failures of the service: which may be tried again, which leave the outcome open, and what a person can do.
/// Messages are made from status and code alone, never from a text of the library, which may repeat signatures; for
/// the same reason the cause is not passed on.
/// </summary>
internal static class AzureBlobFailure
{
    /// <summary>Whether an attempt failed in a way that may pass.</summary>
    /// <param name="cause">How it failed.</param>
    internal static bool IsTransient(Exception cause) => cause switch
    {
        RequestFailedException e => e.Status is 0 or 408 or 429 or 500 or 502 or 503 or 504,
        AggregateException e => e.InnerExceptions.All(IsTransient),
        AuthenticationFailedException or FileNotFoundException or FileLoadException => false,
        _ => cause is TimeoutRejectedException or IOException or HttpRequestException or OperationCanceledException,
    };

    /// <summary>Whether a write that failed so may have happened all the same: all transient failures but those in
    /// which no request has left.</summary>
    /// <param name="cause">How it failed.</param>
    internal static bool IsUnsure(Exception cause) =>
        IsTransient(cause) && Find<HttpRequestException>(cause)?.HttpRequestError is not
            (HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
            or HttpRequestError.SecureConnectionError);

    /// <summary>Whether a write was refused because its condition did not hold.</summary>
    /// <param name="cause">The answer.</param>
    internal static bool IsConflict(RequestFailedException cause) => cause is
        { Status: 412, ErrorCode: "ConditionNotMet" or "TargetConditionNotMet" or null }
        or { Status: 409, ErrorCode: "BlobAlreadyExists" };

    /// <summary>Whether the service has answered, or no token could be had for the identity of the process.</summary>
    /// <param name="cause">The failure.</param>
    internal static bool IsFinal(Exception cause) => cause is RequestFailedException or AuthenticationFailedException;

    /// <summary>Builds the exception of the port.</summary>
    /// <param name="place">Which blob or container, without a secret.</param>
    /// <param name="verb">What could not be done with it, as a participle.</param>
    /// <param name="cause">The failure.</param>
    internal static SnapshotStoreException Of(string place, string verb, Exception cause) =>
        new(Sentence.End($"{place} could not be {verb}: {Advice(cause)}"));

    private static string Advice(Exception cause) => cause switch
    {
        AuthenticationFailedException =>
            "this process has no identity that Azure knows (managed identity, workload identity, environment). Give "
            + "the machine an identity, or use a connection string or a shared access signature",
        RequestFailedException { Status: > 0 } e => $"{Advice(e.Status, e.ErrorCode)} ({Label(e)})",
        TimeoutRejectedException or OperationCanceledException =>
            "there was no answer in time. Check the network and the state of the service",
        _ => $"{Reason(cause)}. Check the address and the network",
    };

    private static string Advice(int status, string? code) => (status, code) switch
    {
        (_, "ContainerNotFound") =>
            "the container is not there. Create it, or grant the right to create it",
        (_, "ContainerBeingDeleted") => "the container is being deleted. Wait a minute or name another one",
        (_, "AuthorizationPermissionMismatch" or "AuthorizationPermissionDenied") =>
            "the identity or signature lacks a permission. A signature needs read, create, write, delete and list "
            + "(racwdl), an identity the role Storage Blob Data Contributor",
        (401 or 403, _) =>
            "access is denied. Check the account's key or the signature and its expiry, this machine's clock, the "
            + "account's firewall, and that an identity has the role Storage Blob Data Contributor",
        (404, _) => "the account or the path is not there. Check the address",
        (409, "BlobImmutableDueToPolicy") =>
            "a policy of immutability or legal hold keeps the blob. Name a container without such a policy",
        (412, "LeaseIdMissing") or (409, "LeaseIdMissing") =>
            "somebody holds a lease on the blob. Break the lease; nobody else may work on these blobs",
        (400, "InvalidBlockList") =>
            "another writer has discarded its blocks. See that one server alone uses this prefix",
        (413, _) => "the service takes no blob of this size. Lower the size of a segment",
        (408 or 429 or >= 500, _) => "the service is busy or away. Look at the state of Azure if it stays so",
        _ => "the service refuses the request. Look the code up in the reference of Azure Blob storage",
    };

    private static string Label(RequestFailedException e)
    {
        string label = string.IsNullOrEmpty(e.ErrorCode) ? $"{e.Status}" : $"{e.Status} {e.ErrorCode}";
        string? request = e.GetRawResponse()?.Headers.RequestId;
        return string.IsNullOrEmpty(request) ? label : $"{label}, request {request}";
    }

    private static string Reason(Exception cause) =>
        Find<SocketException>(cause) is { } socket ? $"the connection failed ({socket.SocketErrorCode})"
        : Find<HttpRequestException>(cause) is { } http ? $"the connection failed ({http.HttpRequestError})"
        : "the connection broke";

    private static T? Find<T>(Exception? cause)
        where T : Exception
    {
        for (; cause is not null; cause = cause.InnerException)
        {
            if (cause is T found)
            {
                return found;
            }
        }

        return null;
    }
}
