// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {HeaderRandomness} from "../../contracts/run/HeaderRandomness.sol";
import {IRandomness} from "../../contracts/run/IRandomness.sol";
import {RecordedHeaders} from "./lib/RecordedHeaders.sol";
import {vm} from "./lib/Vm.sol";

/// @dev What a chain keeps of its past, by EIP-2935.
abstract contract ChainPast {
    address internal constant HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;

    /// @dev From 257 blocks on, hashes are asked of the history contract.
    uint256 internal constant OLD = 300;

    /// @dev The contract's code as the EIP gives it.
    bytes private constant CODE =
        hex"3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f35600143038111604257611fff814303116042"
        hex"57611fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500";

    function keepHistory() internal {
        vm.etch(HISTORY, CODE);
    }

    function remember(uint256 height, bytes32 hash) internal {
        vm.store(HISTORY, bytes32(height % 8_191), hash);
    }
}

contract HeaderRandomnessTest is ChainPast {
    HeaderRandomness private _randomness;
    RecordedHeaders.Recorded private _header;
    uint64 private _ticket;

    function setUp() public {
        _header = RecordedHeaders.all()[0];
        _ticket = _header.number;
        keepHistory();
        vm.roll(_ticket - 64);
        _randomness = new HeaderRandomness();
    }

    function requireDraw(IRandomness.Draw expected, bytes32 expectedValue) private view {
        (IRandomness.Draw draw, bytes32 value) = _randomness.read(_ticket);
        require(draw == expected && value == expectedValue);
    }

    function answer() private view returns (bytes32) {
        return keccak256(abi.encode(_header.mixHash, _ticket));
    }

    function test_constructor_whereHashesAreNotKept_reverts() public {
        vm.etch(HISTORY, "");
        vm.expectRevert(abi.encodeWithSelector(HeaderRandomness.NoBlockHistory.selector, block.chainid));
        new HeaderRandomness();
    }

    function test_request_isTheHeader64BlocksLater() public view {
        require(_randomness.request() == _ticket);
    }

    function test_read_isPendingWhileTheHeaderIsInReach_andThenLost() public {
        requireDraw(IRandomness.Draw.PENDING, 0);
        vm.roll(_ticket + 8_191);
        requireDraw(IRandomness.Draw.PENDING, 0);
        vm.roll(_ticket + 8_192);
        requireDraw(IRandomness.Draw.LOST, 0);
    }

    function test_prove_headersOfEthereum_givesTheirMixHash() public {
        RecordedHeaders.Recorded[3] memory headers = RecordedHeaders.all();
        for (uint256 i = 0; i < headers.length; ++i) {
            RecordedHeaders.Recorded memory header = headers[i];
            require(keccak256(header.rlp) == header.hash);
            vm.roll(header.number + OLD);
            remember(header.number, header.hash);
            _randomness.prove(header.number, header.rlp);
            (IRandomness.Draw draw, bytes32 value) = _randomness.read(header.number);
            require(draw == IRandomness.Draw.READY);
            require(value == keccak256(abi.encode(header.mixHash, header.number)));
        }
    }

    function test_prove_countsUntilTheHashIsForgotten_andTheAnswerForEver() public {
        remember(_ticket, _header.hash);
        vm.roll(_ticket + 8_191);
        _randomness.prove(_ticket, _header.rlp);
        requireDraw(IRandomness.Draw.READY, answer());
        vm.roll(_ticket + 1_000_000);
        requireDraw(IRandomness.Draw.READY, answer());
    }

    function test_prove_twice_reverts() public {
        vm.roll(_ticket + OLD);
        remember(_ticket, _header.hash);
        _randomness.prove(_ticket, _header.rlp);
        vm.expectRevert(abi.encodeWithSelector(HeaderRandomness.AlreadyProved.selector, _ticket));
        _randomness.prove(_ticket, _header.rlp);
    }

    function test_prove_beforeTheBlockOrWhenItsHashIsForgotten_reverts() public {
        vm.roll(_ticket);
        bytes4 reason = HeaderRandomness.HeaderOutOfReach.selector;
        vm.expectRevert(abi.encodeWithSelector(reason, _ticket, _ticket));
        _randomness.prove(_ticket, _header.rlp);
        vm.roll(_ticket + 8_192);
        vm.expectRevert(abi.encodeWithSelector(reason, _ticket, _ticket + 8_192));
        _randomness.prove(_ticket, _header.rlp);
    }

    function test_prove_anotherHeader_orAnotherEncoding_reverts() public {
        vm.roll(_ticket + OLD);
        remember(_ticket, _header.hash);
        expectWrong(RecordedHeaders.all()[1].rlp);
        expectWrong(bytes.concat(_header.rlp, hex"00"));
        expectWrong("");
        bytes memory rlp = _header.rlp;
        rlp[rlp.length - 1] ^= 0x01;
        expectWrong(rlp);
    }

    function expectWrong(bytes memory rlp) private {
        bytes4 reason = HeaderRandomness.WrongHeader.selector;
        vm.expectRevert(abi.encodeWithSelector(reason, keccak256(rlp), _header.hash));
        _randomness.prove(_ticket, rlp);
    }

    function test_prove_aHeaderOfAnotherHeight_orOneThatWasMined_reverts() public {
        bytes4 reason = HeaderRandomness.ForeignHeader.selector;
        vm.roll(_ticket + OLD);
        remember(_ticket + 1, _header.hash);
        vm.expectRevert(abi.encodeWithSelector(reason, _ticket, 0));
        _randomness.prove(_ticket + 1, _header.rlp);

        // The difficulty is the byte before the number, which takes five.
        bytes memory rlp = _header.rlp;
        uint256 difficulty = 3 + 33 * 5 + 21 + 259;
        require(rlp[difficulty] == 0x80 && rlp[difficulty + 1] == 0x84);
        rlp[difficulty] = 0x01;
        remember(_ticket, keccak256(rlp));
        vm.expectRevert(abi.encodeWithSelector(reason, _ticket, 1));
        _randomness.prove(_ticket, rlp);
    }
}
