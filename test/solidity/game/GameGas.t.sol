// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGame} from "../../../contracts/claim/IGame.sol";
import {IRuns} from "../../../contracts/run/IRuns.sol";
import {Root} from "../../../contracts/types/Root.sol";
import {GameFixture} from "../lib/GameFixture.sol";
import {Trees} from "../lib/Trees.sol";
import {vm} from "../lib/Vm.sol";
import {GameVerdictTest} from "./Claims.t.sol";
import {GameLeaves} from "./Leaves.t.sol";

/// @dev The dearest answer to each demand, as a transaction of its own: `setUp` has brought the game there, so storage is
/// cold. Trees of 14 levels: 7 are opened at once, the most there is.
abstract contract AnswerGas is GameFixture {
    IGame.Position internal position;

    function lowLevels() internal pure virtual override returns (uint8) {
        return 7;
    }

    function highLevels() internal pure virtual override returns (uint8) {
        return 7;
    }

    function rows() internal pure virtual override returns (uint32) {
        return 10_000;
    }

    function setUp() public virtual override {
        super.setUp();
        position = prepare();
    }

    function prepare() internal virtual returns (IGame.Position memory);

    function move() internal view virtual returns (bytes memory);

    function name() internal pure virtual returns (string memory);

    /// @dev The answer is the one to this stage and height.
    function test_escrow_isTwiceWhatTheAnswerCosts() public {
        IGame.Position memory stands = position;
        bytes memory data = move();
        uint256 fee = play.feeOf(stands.stage, stands.height);
        uint256 gas = costOf(data);
        vm.snapshotGasLastCall(name());
        require(fee >= 2 * gas * PRICE, string.concat(name(), " costs ", decimal(gas)));
        // Nor much more: what is not needed keeps challengers away.
        require(fee <= 4 * gas * PRICE, string.concat(name(), " costs only ", decimal(gas)));
    }

    /// @dev As a transaction: what is executed, and calldata at the price of EIP-7623 if that is dearer.
    function costOf(bytes memory data) internal returns (uint256) {
        uint256 tokens = 0;
        for (uint256 i = 0; i < data.length; ++i) tokens += data[i] == 0 ? 1 : 4;
        address target = address(play);
        vm.prank(nodeOf(CLAIMANT));
        uint256 before = gasleft();
        (bool isOk, ) = target.call(data);
        uint256 executed = 4 * tokens + before - gasleft();
        require(isOk, "the answer is refused");
        uint256 floor = 10 * tokens;
        return 21_000 + (executed > floor ? executed : floor);
    }

    function decimal(uint256 value) internal pure returns (string memory text) {
        while (value != 0) {
            text = string.concat(string(abi.encodePacked(uint8(48 + (value % 10)))), text);
            value /= 10;
        }
    }
}

contract AnswerStartGas is AnswerGas {
    IRuns.Commitment private _before;

    function commitment() internal view override returns (IRuns.Commitment memory c) {
        c = super.commitment();
        for (uint256 i = 0; i < 15; ++i) c.segmentRoots[i] = Trees.noise(i);
        bool isSecond = c.parent != GENESIS;
        if (isSecond) c.startRoot = Root.wrap(trainingRoot(Root.unwrap(c.parent), Trees.noise(1), Trees.noise(2)));
        c.segmentRoots[15] = trainingRoot(Trees.noise(3), Trees.noise(1), Trees.noise(2));
    }

    /// @dev Of the second round of an epoch: the round before is shown too.
    function prepare() internal override returns (IGame.Position memory) {
        _before = commitment();
        audit();
        aggregateBy(0, 3, Root.wrap(Trees.noise(4)));
        pass(CHALLENGE_WINDOW);
        tickAll();
        commitAll(2);
        work = workOf(2, CLAIMANT);
        return openBy(CHALLENGER, opening(IGame.Subject.START, 0, new bytes32[](0)));
    }

    function move() internal view override returns (bytes memory) {
        return
            abi.encodeCall(
                IGame.answerStart,
                (
                    work,
                    ownerOf(CHALLENGER),
                    position,
                    commitment(),
                    Trees.noise(1),
                    Trees.noise(2),
                    _before,
                    Trees.noise(3),
                    programs()
                )
            );
    }

    function name() internal pure override returns (string memory) {
        return "answerStart";
    }
}

/// @dev 64 parts, of one step each.
contract AnswerMarksGas is AnswerGas {
    function stepsOfSegment() internal pure override returns (uint32) {
        return 64;
    }

    function prepare() internal override returns (IGame.Position memory) {
        return toMarks();
    }

    function move() internal view override returns (bytes memory) {
        return
            abi.encodeCall(
                IGame.answerMarks,
                (work, ownerOf(CHALLENGER), position, marksOfSegment(), 63, finish, trace)
            );
    }

    function name() internal pure override returns (string memory) {
        return "answerMarks";
    }
}

contract AnswerTraceGas is AnswerGas {
    function prepare() internal override returns (IGame.Position memory) {
        return toInvoke();
    }

    function move() internal view override returns (bytes memory) {
        return abi.encodeCall(IGame.answerTrace, (work, ownerOf(CHALLENGER), position, trace));
    }

    function name() internal pure override returns (string memory) {
        return "answerTrace";
    }
}

contract SplitNodesGas is AnswerGas {
    function prepare() internal override returns (IGame.Position memory) {
        return toNodes();
    }

    function move() internal view override returns (bytes memory) {
        return abi.encodeCall(IGame.split, (work, ownerOf(CHALLENGER), position, lowNodes));
    }

    function name() internal pure override returns (string memory) {
        return "split nodes";
    }
}

contract OpenTensorGas is AnswerGas {
    function prepare() internal override returns (IGame.Position memory) {
        return toTensor();
    }

    function move() internal view override returns (bytes memory) {
        return abi.encodeCall(IGame.openTensor, (work, ownerOf(CHALLENGER), position, descriptor, tree, highChunks));
    }

    function name() internal pure override returns (string memory) {
        return "openTensor";
    }
}

contract SplitChunksGas is AnswerGas {
    function prepare() internal override returns (IGame.Position memory) {
        return toChunks();
    }

    function move() internal view override returns (bytes memory) {
        return abi.encodeCall(IGame.split, (work, ownerOf(CHALLENGER), position, lowChunks));
    }

    function name() internal pure override returns (string memory) {
        return "split chunks";
    }
}

contract OpenLeafGas is AnswerGas {
    /// @dev Bytes that are not zero cost more.
    function leafContent() internal pure override returns (bytes memory data) {
        data = new bytes(1024);
        for (uint256 i = 0; i < 1024; ++i) data[i] = 0x33;
    }

    function prepare() internal override returns (IGame.Position memory) {
        return toLeaf();
    }

    function move() internal view override returns (bytes memory) {
        return abi.encodeCall(IGame.openLeaf, (work, ownerOf(CHALLENGER), position, descriptor, leafData));
    }

    function name() internal pure override returns (string memory) {
        return "openLeaf";
    }
}

contract OpenDrawnGas is GameLeaves, AnswerGas {
    function lowLevels() internal pure override(GameFixture, AnswerGas) returns (uint8) {
        return AnswerGas.lowLevels();
    }

    function highLevels() internal pure override(GameFixture, AnswerGas) returns (uint8) {
        return AnswerGas.highLevels();
    }

    function rows() internal pure override(GameFixture, AnswerGas) returns (uint32) {
        return AnswerGas.rows();
    }

    function place() internal pure override(GameFixture, GameLeaves) returns (uint256) {
        return GameLeaves.place();
    }

    function leafIndex() internal pure override(GameFixture, GameLeaves) returns (uint256) {
        return GameLeaves.leafIndex();
    }

    function setUp() public override(GameVerdictTest, AnswerGas) {
        AnswerGas.setUp();
    }

    function prepare() internal override returns (IGame.Position memory) {
        return toDrawn();
    }

    function move() internal view override returns (bytes memory) {
        return abi.encodeCall(IGame.openDrawn, (work, ownerOf(3), position, descriptor, leafProof(), nodeProof()));
    }

    function name() internal pure override returns (string memory) {
        return "openDrawn";
    }
}
