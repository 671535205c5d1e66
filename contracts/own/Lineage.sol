// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IRuns} from "../run/IRuns.sol";
import {RunParameters} from "../run/RunParameters.sol";
import {Root} from "../types/Root.sol";
import {ILineage} from "./ILineage.sol";

/// @title Lineage
/// @notice The manual is {ILineage}.
abstract contract Lineage is ILineage {
    /// @inheritdoc ILineage
    mapping(Root root => mapping(uint64 runId => bool)) public isStateOf;

    /// @inheritdoc ILineage
    mapping(Root root => bool) public isRegistered;

    /// @inheritdoc ILineage
    mapping(uint64 runId => uint16) public royaltyOf;

    /// @inheritdoc ILineage
    address public immutable runs;

    constructor(address runs_) {
        runs = runs_;
    }

    /// @inheritdoc ILineage
    function registerState(uint64 runId, uint32 round) external returns (Root root) {
        // There is no next round before this one has settled.
        root = IRuns(runs).roundOf(runId, round + 1).parent;
        // INVARIANT: a run's states are what its rounds have made, and not what it started from.
        require(root != IRuns(runs).roundOf(runId, round).parent, StateUnchanged(runId, round));

        isStateOf[root][runId] = true;
        isRegistered[root] = true;

        emit StateRegistered(runId, round, root);
    }

    /// @dev Keeps what a new run asks of its children.
    /// @return genesisShares what it gives its own parent
    function _descendUp(uint64 runId, RunParameters calldata parameters) internal returns (uint96 genesisShares) {
        if (parameters.royalty != 0) royaltyOf[runId] = parameters.royalty;

        (Root genesisRoot, uint64 parent) = (parameters.genesisRoot, parameters.parent);
        if (parent == 0) {
            // INVARIANT: who starts from a registered state gives what a run of which it is one asks.
            require(!isRegistered[genesisRoot], ParentMissing(genesisRoot));
        } else {
            require(isStateOf[genesisRoot][parent], NotStateOf(genesisRoot, parent));
            genesisShares = uint96(Math.ceilDiv(uint256(parameters.shareSupply) * royaltyOf[parent], 10_000));
        }
    }
}
