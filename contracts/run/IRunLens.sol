// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClaims} from "../claim/IClaims.sol";
import {ClaimId} from "../types/ClaimId.sol";
import {MemberSet} from "../types/MemberSet.sol";
import {IRuns} from "./IRuns.sol";

/// @title Whole-run reads for workers and explorers.
/// @notice Views only, made for `eth_call`: they walk the members of one run (255 at most). No contract calls them.
interface IRunLens {
    /// @notice A member with everything that names it.
    struct Member {
        uint32 seat;
        uint8 index;
        IRuns.Role role;
        address owner;
        address node;
        uint32 since;
        uint32 until;
    }

    /// @notice One committed miner of a round.
    /// @param word of its claim
    /// @param status of its claim
    /// @param deposit status of its seat's deposit
    /// @param segments that it has committed
    /// @param drawn whether it is audited; false before the beacon
    /// @param segment to audit besides the last one
    /// @param validators on duty for it, as long as the round is not settled
    /// @param standIns for those of them that were absent; final once sealing is over
    struct Duty {
        uint32 seat;
        uint8 index;
        address owner;
        ClaimId claimId;
        bytes32 word;
        IClaims.ClaimStatus status;
        IClaims.ClaimStatus deposit;
        uint8 segments;
        bool drawn;
        uint8 segment;
        MemberSet validators;
        MemberSet standIns;
    }

    /// @notice Everyone enlisted or active, in ascending index.
    function membersOf(uint64 runId) external view returns (Member[] memory);

    /// @notice Every miner that committed in a round, in ascending index. A miner whose index has been taken by a later
    /// seat since is left out; its `Committed` event tells.
    function dutiesOf(uint64 runId, uint32 round) external view returns (Duty[] memory);
}
