// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IClaims} from "../claim/IClaims.sol";
import {IClaimSource} from "../claim/IClaimSource.sol";
import {Auditing} from "../run/Auditing.sol";
import {IRuns} from "../run/IRuns.sol";
import {RunParameters} from "../run/RunParameters.sol";
import {ClaimId, ClaimKind, claimId} from "../types/ClaimId.sol";
import {Root} from "../types/Root.sol";
import {Instant, NEVER, now_} from "../types/Time.sol";
import {IReceipts} from "./IReceipts.sol";
import {Requests} from "./Requests.sol";

/// @title Receipts
/// @notice The manual is {IReceipts}.
contract Receipts is Auditing, EIP712, IReceipts, IClaimSource {
    bytes32 private constant RECEIPT = keccak256(
        "Receipt(uint256 pledge,uint64 session,uint48 drawn,uint32 round,bytes32 root,bytes32 seed,uint32 temperature,uint32 topP,uint32 prompt,bytes32 tokens,uint48 expiresAt)"
    );

    /// @inheritdoc IReceipts
    mapping(uint64 runId => uint32) public pledgesOf;

    mapping(ClaimId id => Pledge) private _pledges;

    constructor(
        address stake_,
        address claims_,
        address runs_
    ) Auditing(stake_, claims_, runs_) EIP712("Swarmlock Receipts", "1") {}

    /// @inheritdoc IReceipts
    function pledge(uint64 runId, address key, uint128 bond) external returns (ClaimId id) {
        // INVARIANT: no receipt is signed by a signature that recovers to nobody.
        require(key != address(0), NoKey());
        RunParameters memory parameters = IRuns(runs).parametersOf(runId);
        // INVARIANT: whoever is right about a token wins no less than half of what it has risked.
        require(bond >= parameters.challengeBond, PledgeTooSmall(bond, parameters.challengeBond));

        id = claimId(ClaimKind.PLEDGE, runId, 0, ++pledgesOf[runId]);
        _pledges[id] = Pledge({
            gateway: msg.sender,
            finalAt: NEVER,
            window: parameters.challengeWindow,
            key: key,
            bond: bond,
            challengeBond: parameters.challengeBond
        });
        bytes32 word = keccak256(abi.encode(msg.sender, key, bond));

        emit Pledged(runId, msg.sender, id, word, key, bond);

        IClaims(claims).post(id, word, msg.sender, bond);
    }

    /// @inheritdoc IReceipts
    function end(ClaimId id) external {
        Pledge storage target = _pledges[id];
        // INVARIANT: a bond is at risk for as long as its owner has said.
        require(msg.sender == target.gateway, NotTheGateway(msg.sender, target.gateway));
        // INVARIANT: nor for longer: what is ended stays ended.
        require(Instant.unwrap(target.finalAt) == Instant.unwrap(NEVER), AlreadyEnded(id));

        target.finalAt = now_().plus(target.window);

        emit PledgeEnded(id, target.finalAt);
    }

    // What becomes of a pledge is asked of the claims contract: nothing else depends on it here.

    /// @inheritdoc IClaimSource
    function onFrozen(ClaimId id) external pure {}

    /// @inheritdoc IClaimSource
    function onRestored(ClaimId id) external pure {}

    /// @inheritdoc IClaimSource
    function onVoided(ClaimId id) external pure {}

    /// @inheritdoc IClaimSource
    function termsOf(ClaimId id) external view returns (ClaimTerms memory terms) {
        Pledge storage target = _pledges[id];
        terms.claimant = target.gateway;
        terms.bond = target.bond;
        terms.challengeBond = target.challengeBond;
        terms.finalAt = target.finalAt;
        terms.challengeable = true;
    }

    /// @inheritdoc IReceipts
    function claimOf(
        ClaimId id,
        Receipt calldata receipt,
        bytes calldata tokens,
        uint256 index,
        uint256 context
    ) external view returns (bytes32 start, bytes32 request, bytes32 token) {
        _requireSigned(id, receipt);
        Root parent = IRuns(runs).roundOf(id.runOf(), receipt.round).parent;
        // INVARIANT: what is served are weights that the run stands on, or has stood on.
        require(receipt.root == parent, NotTheState(receipt.round, receipt.root, parent));
        bytes32 given = keccak256(tokens);
        // INVARIANT: a gateway answers for the words that it has signed, and for no others.
        require(given == receipt.tokens, NotTheTokens(given, receipt.tokens));
        uint256 place = index < tokens.length ? receipt.prompt + index : tokens.length;
        // INVARIANT: each token of the answer is an invocation, and nothing else is.
        require(
            receipt.prompt != 0 && place < tokens.length && place <= context,
            NoSuchToken(index, receipt.prompt, tokens.length, context)
        );

        start = Root.unwrap(receipt.root);
        request = Requests.root(tokens, place, context, receipt.temperature, receipt.topP, receipt.seed);
        token = Requests.token(tokens[place]);
    }

    /// @inheritdoc IReceipts
    function pledgeOf(ClaimId id) external view returns (Pledge memory) {
        return _pledges[id];
    }

    function _requireSigned(ClaimId id, Receipt calldata receipt) private view {
        address key = _pledges[id].key;
        require(key != address(0), UnknownPledge(id));
        // INVARIANT: a bond answers for what was signed under its own pledge.
        require(ClaimId.unwrap(receipt.pledge) == ClaimId.unwrap(id), OtherPledge(receipt.pledge, id));
        // INVARIANT: a gateway need not keep what it serves from for ever.
        require(!now_().isAtOrAfter(receipt.expiresAt), ReceiptExpired(receipt.expiresAt));
        (address signer, , ) = ECDSA.tryRecover(_hashTypedDataV4(_hashOf(receipt)), receipt.r, receipt.vs);
        // INVARIANT: nobody answers for what it has not signed.
        require(signer == key, NotSigned(signer, key));
    }

    /// @dev Encoded in two parts, which are too many for the stack in one.
    function _hashOf(Receipt calldata receipt) private pure returns (bytes32) {
        bytes memory first = abi.encode(
            RECEIPT,
            receipt.pledge,
            receipt.session,
            receipt.drawn,
            receipt.round,
            receipt.root
        );
        bytes memory second = abi.encode(
            receipt.seed,
            receipt.temperature,
            receipt.topP,
            receipt.prompt,
            receipt.tokens,
            receipt.expiresAt
        );
        return keccak256(bytes.concat(first, second));
    }
}
