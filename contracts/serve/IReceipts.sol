// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAuditing} from "../run/IAuditing.sol";
import {ClaimId} from "../types/ClaimId.sol";
import {Root} from "../types/Root.sol";
import {Duration, Instant} from "../types/Time.sol";

/// @title Receipts: what servers say that the model of a run has answered, and what they have at stake for it.
/// @notice A gateway that wants to be believed makes a **pledge**: a claim, with a bond, that whatever a key of its choice signs for a run
/// is right. The key signs a **receipt** (EIP-712) with each answer. Each token of the answer is then an invocation of the run's
/// continuation ({RunPrograms}): of the state that a round starts from, and of the tokens before with the way in which the
/// next one is drawn. Whoever holds a receipt may challenge any one of its tokens: the pledge loses its bond in the one game
/// that there is ({IGame-openOnToken}), or the challenger its own.
///
/// A receipt says nothing of logits, caches or other clients, so nothing is hashed while tokens are served, and a dispute
/// shows one conversation, which its client has brought itself.
///
/// A pledge stands until its gateway ends it; it can be challenged for the run's challenge window after that.
interface IReceipts is IAuditing {
    /// @param gateway whose bond it is
    /// @param finalAt from when it cannot be challenged any more; `NEVER` while it has not been ended
    /// @param window how long it can be challenged once it is ended
    /// @param key signs receipts
    /// @param bond of the pledge
    /// @param challengeBond what a challenger locks
    struct Pledge {
        address gateway;
        Instant finalAt;
        Duration window;
        address key;
        uint128 bond;
        uint128 challengeBond;
    }

    /// @notice Signed by the pledge's key as `Receipt(uint256 pledge,uint64 session,uint48 drawn,uint32 round,bytes32 root,
    /// bytes32 seed,uint32 temperature,uint32 topP,uint32 prompt,bytes32 tokens,uint48 expiresAt)`, in the compact form of ERC-2098.
    /// @param pledge that answers for it
    /// @param session that has paid; 0 when nobody had to
    /// @param drawn by the voucher that came with the request: which answer of the session it is
    /// @param round in which the weights are where the run stands; its parent
    /// @param root of the weights: the state that this round starts from
    /// @param seed of the draws
    /// @param temperature as the bits of a binary32
    /// @param topP as the bits of a binary32
    /// @param prompt how many of the tokens were asked
    /// @param tokens `keccak256` of the prompt and the answer, one byte each
    /// @param expiresAt from when no game is opened on it
    struct Receipt {
        ClaimId pledge;
        uint64 session;
        uint48 drawn;
        uint32 round;
        Root root;
        bytes32 seed;
        uint32 temperature;
        uint32 topP;
        uint32 prompt;
        bytes32 tokens;
        Instant expiresAt;
        bytes32 r;
        bytes32 vs;
    }

    error NoKey();
    /// @notice A pledge is worth a challenge at least.
    error PledgeTooSmall(uint128 bond, uint128 least);
    error UnknownPledge(ClaimId id);
    error NotTheGateway(address caller, address gateway);
    error AlreadyEnded(ClaimId id);
    error NotClaims(address caller, address claims);
    /// @notice The receipt names another pledge: of another gateway, run or time.
    error OtherPledge(ClaimId named, ClaimId id);
    error ReceiptExpired(Instant expiresAt);
    /// @notice Also when the signature is for another chain or other contracts: then it recovers to somebody else.
    error NotSigned(address signer, address key);
    /// @notice The run has not stood there in that round: such a receipt is worth nothing, as everybody can see.
    error NotTheState(uint32 round, Root named, Root parent);
    error NotTheTokens(bytes32 given, bytes32 signed);
    /// @notice No prompt of one token at least and of what the model reads at most is before it, or the answer is not so long.
    error NoSuchToken(uint256 index, uint256 prompt, uint256 tokens, uint256 context);

    event Pledged(
        uint64 indexed runId,
        address indexed gateway,
        ClaimId indexed id,
        bytes32 word,
        address key,
        uint128 bond
    );
    event PledgeEnded(ClaimId indexed id, Instant finalAt);

    /// @notice Pledges `bond` of the caller's free stake for what `key` signs, which may be the caller.
    function pledge(uint64 runId, address key, uint128 bond) external returns (ClaimId id);

    /// @notice Ends a pledge of the caller; it can be challenged for the run's challenge window from now on.
    function end(ClaimId id) external;

    /// @notice What a receipt says of one token of the answer, as a claim on the run's continuation. Reverts unless the receipt is
    /// signed, not expired, and about a state of the run.
    /// @param id of the pledge
    /// @param tokens of prompt and answer
    /// @param index of the token in the answer, from 0
    /// @param context of the run's model
    /// @return start root of the state
    /// @return request root of the request: the tokens before, and how the next is drawn
    /// @return token root of the token, the first tensor of the result
    function claimOf(
        ClaimId id,
        Receipt calldata receipt,
        bytes calldata tokens,
        uint256 index,
        uint256 context
    ) external view returns (bytes32 start, bytes32 request, bytes32 token);

    /// @notice Empty when there is none.
    function pledgeOf(ClaimId id) external view returns (Pledge memory);

    /// @notice How many pledges a run has had; they count from 1.
    function pledgesOf(uint64 runId) external view returns (uint32);
}
