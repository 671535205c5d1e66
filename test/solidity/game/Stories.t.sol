// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClaims} from "../../../contracts/claim/IClaims.sol";
import {IGame} from "../../../contracts/claim/IGame.sol";
import {IReferee} from "../../../contracts/claim/referee/IReferee.sol";
import {RunPrograms} from "../../../contracts/claim/RunPrograms.sol";
import {IRuns} from "../../../contracts/run/IRuns.sol";
import {IStakeManager} from "../../../contracts/stake/IStakeManager.sol";
import {GameFixture} from "../lib/GameFixture.sol";
import {Trees} from "../lib/Trees.sol";
import {Vm, vm} from "../lib/Vm.sol";

/// @dev Random stories of up to four games on one claim, the claimant's own among them: moves of either side, of strangers,
/// at any time; whoever is late, whoever abandons.
contract GameStoriesTest is GameFixture {
    uint256 private constant MEMBERS = 4;

    mapping(uint256 member => IGame.Position) private _positions;
    mapping(uint256 member => uint256) private _ends;
    mapping(uint256 member => bool) private _opened;
    uint256 private _voids;

    function test_stories_breakNothing_andEnd() public {
        uint256 voids = 0;
        uint256 losses = 0;
        for (uint256 seed = 0; seed < 6; ++seed) {
            setUp();
            for (uint256 i = 0; i < 60; ++i) {
                act(uint256(keccak256(abi.encode(seed, i))));
                requireInvariants();
            }
            pass(2 * CLOCK);
            for (uint256 member = 0; member < MEMBERS; ++member) end(member);
            requireInvariants();
            for (uint256 member = 0; member < MEMBERS; ++member) {
                require(!isOpen(member), "a game has no end");
                require(_ends[member] == (_opened[member] ? 1 : 0), "not one verdict for a game");
                if (isLost(member)) ++losses;
                (_opened[member], _ends[member]) = (false, 0);
            }
            require(_voids <= 1, "a claim was lost twice");
            voids += _voids;
            _voids = 0;
        }
        require(voids != 0 && losses != 0, "the stories are too tame");
    }

    function act(uint256 word) private {
        uint256 member = word % MEMBERS;
        uint256 action = (word >> 8) % 16;
        if (action == 0) pass((word >> 16) % CLOCK);
        else if (action == 1) end(member);
        else if (action == 2) withdraw(member);
        else if (!_opened[member]) open(member, word >> 16);
        else if (isOpen(member)) move(member, (word >> 16) % 8 == 0 ? (word >> 24) % MEMBERS : MEMBERS, word >> 32);
    }

    function open(uint256 member, uint256 word) private {
        bool isSegment = word % 2 == 0;
        bytes32[] memory marks = isSegment ? marksOfSegment() : new bytes32[](0);
        IGame.Opening memory opening_ = opening(
            isSegment ? IGame.Subject.SEGMENT : IGame.Subject.PAYLOAD,
            isSegment ? 1 : 0,
            marks
        );
        if (claims.isVoided(work)) return;
        _opened[member] = true;
        announceBy(member, opening_);
        vm.roll(vm.getBlockNumber() + 1);
        IRuns.Commitment memory c = commitment();
        RunPrograms memory p = programs();
        send(member, member, abi.encodeCall(IGame.openOnWork, (opening_, c, p)), FEE);
    }

    /// @dev What the position asks for, by the one who should (`MEMBERS`) or by somebody else.
    function move(uint256 member, uint256 by_, uint256 word) private {
        IGame.Position memory position = _positions[member];
        bool isClaimants = play.gameOf(work, ownerOf(member)).claimantMoves;
        uint256 mover =
            by_ != MEMBERS
                ? by_
                : isClaimants
                    ? CLAIMANT
                    : member;
        referee.find(word % 8 == 0, word % 2 == 0 ? 0x40000000 : 0x40000001);
        bytes memory data = isClaimants ? answer(ownerOf(member), position) : demand(ownerOf(member), position);
        bool isPaid = !isClaimants && position.stage != IGame.Stage.PROVE;
        send(member, mover, data, isPaid ? FEE : 0);
    }

    function answer(address challenger, IGame.Position memory position) private view returns (bytes memory) {
        IGame.Stage stage = position.stage;
        if (stage == IGame.Stage.MARKS) {
            return abi.encodeCall(IGame.answerMarks, (work, challenger, position, marksOfSegment(), 43, finish, trace));
        }
        if (stage == IGame.Stage.INVOKE) {
            return abi.encodeCall(IGame.answerTrace, (work, challenger, position, trace));
        }
        if (stage == IGame.Stage.TENSOR) {
            return abi.encodeCall(IGame.openTensor, (work, challenger, position, descriptor, tree, highChunks));
        }
        if (stage == IGame.Stage.LEAF) {
            return abi.encodeCall(IGame.openLeaf, (work, challenger, position, descriptor, leafData));
        }
        bytes32[] memory children = stage == IGame.Stage.NODES ? lowNodes : lowChunks;
        return abi.encodeCall(IGame.split, (work, challenger, position, children));
    }

    function demand(address challenger, IGame.Position memory position) private view returns (bytes memory) {
        bool isHigh = position.height == highLevels() + lowLevels();
        if (position.stage == IGame.Stage.PROVE) {
            IReferee.Evidence memory evidence;
            IGame.Source[] memory sources = new IGame.Source[](0);
            return
                abi.encodeCall(
                    IGame.prove,
                    (work, challenger, position, descriptor, leafData, 7, evidence, sources, programs())
                );
        }
        if (position.stage == IGame.Stage.CHOOSE_CHUNKS) {
            bytes32[] memory chunks = isHigh ? highChunks : lowChunks;
            return pick(challenger, position, isHigh ? high(leafIndex()) : low(leafIndex()), chunks);
        }
        if (isHigh) return pick(challenger, position, high(NODE), trace.children);
        bytes32[] memory siblings = Trees.siblings(lowNodes, low(NODE));
        bytes32 root = lowNodes[low(NODE)];
        return
            abi.encodeCall(
                IGame.pickNode,
                (work, challenger, position, low(NODE), root, siblings, descriptor, descriptorProof)
            );
    }

    function pick(
        address challenger,
        IGame.Position memory position,
        uint256 child,
        bytes32[] memory children
    ) private view returns (bytes memory) {
        bytes32[] memory siblings = Trees.siblings(children, child);
        return abi.encodeCall(IGame.pick, (work, challenger, position, child, children[child], siblings));
    }

    /// @dev A call that may be refused, and what came of the member's game.
    function send(uint256 member, uint256 mover, bytes memory data, uint256 value) private {
        vm.deal(nodeOf(mover), nodeOf(mover).balance + value);
        vm.recordLogs();
        vm.prank(nodeOf(mover));
        (bool isOk, ) = address(play).call{value: value}(data);
        if (isOk) look(member);
    }

    function look(uint256 member) private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] == IClaims.Voided.selector) ++_voids;
            if (logs[i].topics[0] == IGame.GameEnded.selector) ++_ends[member];
            if (logs[i].topics[0] != IGame.Moved.selector) continue;
            (, , _positions[member]) = abi.decode(logs[i].data, (address, uint8, IGame.Position));
        }
    }

    /// @dev By anyone, if it is time.
    function end(uint256 member) private {
        IGame.Position memory position = _positions[member];
        send(member, 3, abi.encodeCall(IGame.timeOut, (work, ownerOf(member), position)), 0);
        send(member, 3, abi.encodeCall(IGame.abandon, (work, ownerOf(member))), 0);
    }

    function withdraw(uint256 member) private {
        vm.prank(ownerOf(member));
        try play.withdraw() {} catch {}
    }

    function isOpen(uint256 member) private view returns (bool) {
        return play.gameOf(work, ownerOf(member)).position != bytes32(0);
    }

    function isLost(uint256 member) private view returns (bool) {
        return claims.challengeStatusOf(work, ownerOf(member)) == IClaims.ChallengeStatus.LOST;
    }

    function requireInvariants() private view {
        uint256 coin = 0;
        uint256 open_ = 0;
        uint256 staked = stake.burned();
        for (uint256 member = 0; member < MEMBERS; ++member) {
            coin += play.gameOf(work, ownerOf(member)).escrow;
            coin += play.owedTo(ownerOf(member)) + play.owedTo(nodeOf(member));
            if (isOpen(member)) ++open_;
            IStakeManager.Account memory account = stake.accountOf(ownerOf(member));
            staked += uint256(account.free) + account.locked + account.unbonding;
            require(account.locked == bondsOf(member), "locked stake is not the bonds");
        }
        require(address(play).balance == coin, "the game's coin is not escrows and debts");
        require(token.balanceOf(address(stake)) == staked, "stake is not conserved");
        require(claims.openChallengesOf(work) == open_, "a challenge without a game, or the other way");
        require(open_ == 0 || !claims.isFinal(work), "a claim is final while a game is open");
    }

    function bondsOf(uint256 member) private view returns (uint256 bonds) {
        if (isOpen(member)) bonds += CHALLENGE_BOND;
        bonds += member >= 2 ? DUTY_DEPOSIT : SERVICE_DEPOSIT;
        if (member < 2 && (member != CLAIMANT || !claims.isVoided(work))) bonds += MINER_BOND;
    }
}
